//! GraphQL over HTTP for a subgraph: `POST /graphql`, JSON in, JSON out, or an event stream where the client reads one.
//!
//! Clients talk to the gateway; this face is for the gateway and for service principals. It is
//! guarded all the same, since a port that can be reached will be.

mod documents;
mod lists;
mod media;
mod operation;
mod refusal;
mod stream;

use std::{sync::Arc, time::Duration};

use async_graphql::{
    ObjectType, Request as GraphqlRequest, Response as GraphqlResponse, Schema, ServerError, SubscriptionType, Value,
};
use axum::{
    Json, Router,
    body::{self, Bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
    routing::post,
};
use client::Deadline;
use document::Limits;
use documents::Documents;
use refusal::Refusal;
use secrecy::{ExposeSecret as _, SecretString};
use service::token::Verifier;
use sha2::{Digest as _, Sha256};

use crate::{Error, Identity, Scope};

pub use stream::{StreamSettings, Streams};

/// The header by which the gateway proves itself where `gateway_credential` is set.
pub const GATEWAY_CREDENTIAL: &str = "x-gateway-credential";
/// What a request may take when nobody upstream has set a deadline, and the most it may ask for.
const MAX_DURATION: Duration = Duration::from_secs(10);

/// What a request must pass before it reaches the schema.
#[derive(Clone)]
pub struct Gate {
    pub verifier: Verifier,
    pub limits: Limits,
    pub gateway_credential: Option<SecretString>,
    pub streams: Streams,
}

/// A subgraph receives what a planner wrote: deeper, longer and with more aliases than a person's
/// operation, so its bounds are wider than the gateway's. They keep a direct caller from burning
/// the processor.
pub fn default_limits() -> Limits {
    Limits {
        bytes: 128 * 1024,
        tokens: 20_000,
        depth: 24,
        aliases: 200,
        directives: 200,
        root_fields: 200,
        ..Limits::default()
    }
}

struct Server<Q, M, S> {
    schema: Schema<Q, M, S>,
    gate: Gate,
    documents: Documents,
}

/// The route `/graphql`.
pub fn router<Q, M, S>(schema: Schema<Q, M, S>, gate: Gate) -> Router
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    Router::new().route("/graphql", post(answer::<Q, M, S>)).with_state(Arc::new(Server {
        schema,
        gate,
        documents: Documents::new(),
    }))
}

async fn answer<Q, M, S>(State(server): State<Arc<Server<Q, M, S>>>, request: Request) -> Response
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    server.answer(request).await.unwrap_or_else(Refusal::into_response)
}

impl<Q, M, S> Server<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    async fn answer(&self, request: Request) -> Result<Response, Refusal> {
        let deadline = deadline(request.headers());
        let events = media::reads_events(request.headers());
        let (mut request, identity) = self.gate.admit(request, &self.documents).await?;
        let subscribes = operation::is_subscription(&mut request)?;
        match (subscribes, events) {
            // No deadline: a stream ends with its last event, with the caller's token, or with the process.
            (true, true) => self.gate.streams.answer(self.schema.execute_stream(request), identity),
            (true, false) => Err(Refusal::subscription_transport()),
            (false, true) => Ok(stream::single(&self.execute(request, deadline).await)),
            (false, false) => {
                let response = self.execute(request, deadline).await;
                Ok(([(CONTENT_TYPE, "application/graphql-response+json")], Json(response)).into_response())
            }
        }
    }

    async fn execute(&self, request: GraphqlRequest, deadline: Deadline) -> GraphqlResponse {
        let execution = self.schema.execute(request.data(deadline));
        match tokio::time::timeout(deadline.remaining(), execution).await {
            Ok(response) => with_codes(response),
            Err(_) => fault(Error::DeadlineExceeded),
        }
    }
}

impl Gate {
    async fn admit(&self, request: Request, documents: &Documents) -> Result<(GraphqlRequest, Identity), Refusal> {
        media::check_content_type(request.headers())?;
        let identity = Identity::from_headers(request.headers(), &self.verifier).await?;
        self.check_origin(request.headers(), &identity)?;
        // The server has read it, within its bounds.
        let body = body::to_bytes(request.into_body(), usize::MAX).await.unwrap_or_default();
        let mut request = read(&body)?;
        documents.parse(&mut request, &self.limits)?;
        if lists::too_long(&mut request) {
            let message = format!("A list has at most {} entries.", lists::MAX_LIST);
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "MAX_LIST", message));
        }
        Ok((request.data(identity.clone()), identity))
    }

    /// Where a gateway credential is set, people come through the gateway. Other services come by themselves.
    fn check_origin(&self, headers: &HeaderMap, identity: &Identity) -> Result<(), Refusal> {
        let Some(expected) = self.gateway_credential.as_ref().filter(|_| !identity.has(Scope::Service)) else {
            return Ok(());
        };
        let given = headers.get(GATEWAY_CREDENTIAL).map_or(&b""[..], |value| value.as_bytes());
        // Equal digests mean equal secrets, and how long the comparison takes tells nothing of them.
        if Sha256::digest(given) == Sha256::digest(expected.expose_secret()) {
            return Ok(());
        }
        let message = "This service answers only its gateway.";
        Err(Refusal::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message))
    }
}

/// The request of a body: a JSON object, not the list that a batch of them would be.
fn read(body: &Bytes) -> Result<GraphqlRequest, Refusal> {
    if body.trim_ascii_start().starts_with(b"[") {
        let message = "Send one operation a request.";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "BATCHING_NOT_SUPPORTED", message));
    }
    serde_json::from_slice(body)
        .map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "BAD_USER_INPUT", "The body is not a GraphQL request."))
}

/// The variable as the size of a page, if it can be one.
fn page_size(request: &GraphqlRequest, variable: &str) -> Option<usize> {
    match request.variables.get(variable)? {
        Value::Number(number) => number.as_u64()?.try_into().ok(),
        _ => None,
    }
}

/// The caller's deadline, at most [`MAX_DURATION`] away.
fn deadline(headers: &HeaderMap) -> Deadline {
    let longest = Deadline::after(MAX_DURATION);
    Deadline::from_headers(headers).map_or(longest, |asked| asked.min(longest))
}

/// Errors that the library itself makes (parsing, validation, coercion) carry no code: they are the
/// client's mistakes.
fn with_codes(mut response: GraphqlResponse) -> GraphqlResponse {
    for error in &mut response.errors {
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", "BAD_USER_INPUT");
        }
    }
    response
}

/// A response that is nothing but an error.
fn fault(error: Error) -> GraphqlResponse {
    let error = async_graphql::Error::from(error);
    let extensions = error.extensions;
    GraphqlResponse::from_errors(vec![ServerError { extensions, ..ServerError::new(error.message, None) }])
}

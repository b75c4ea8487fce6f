use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use client::Deadline;
use http::{HeaderMap, StatusCode, header};
use service::telemetry::TraceContext;
use service::token::Verifier;
use tokio::sync::Semaphore;

use super::EdgeSettings;
use super::decode;
use super::media::MediaType;
use super::refusal::{ALLOW, RETRY_AFTER, Refusal};
use crate::identity::Identity;
use crate::pipeline::{Answer, Gateway, GraphqlRequest, StatusKind};

/// The pipeline keeps the deadline by itself and can then still tell what it has got. This much later it is cut.
const GRACE: Duration = Duration::from_millis(250);

/// What the handlers of `/graphql` share.
pub(super) struct Edge {
    gateway: Arc<Gateway>,
    identity: Identity,
    settings: EdgeSettings,
    slots: Semaphore,
}

type Trace = Option<Extension<TraceContext>>;
type Pairs = Query<Vec<(String, String)>>;

pub(super) async fn post(
    State(edge): State<Arc<Edge>>,
    trace: Trace,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let decode = || {
        let body = body.map_err(|_| Refusal::BadRequest("The body cannot be read.".to_owned()))?;
        decode::post(&headers, &body, &edge.settings)
    };
    edge.respond(&headers, trace, decode, true).await
}

/// A page of another origin can have a browser send a GET without asking first. It gains nothing: there are no cookies
/// here, and a mutation is refused.
pub(super) async fn get(
    State(edge): State<Arc<Edge>>,
    trace: Trace,
    headers: HeaderMap,
    pairs: Result<Pairs, QueryRejection>,
) -> Response {
    let decode = || {
        let Query(pairs) = pairs.map_err(|_| Refusal::BadRequest("The URL's query cannot be read.".to_owned()))?;
        decode::get(pairs, &edge.settings)
    };
    edge.respond(&headers, trace, decode, false).await
}

impl Edge {
    pub(super) fn new(gateway: Arc<Gateway>, settings: EdgeSettings, verifier: Option<Verifier>) -> Self {
        Self {
            gateway,
            identity: Identity::new(verifier, settings.forward_headers.clone()),
            slots: Semaphore::new(settings.max_in_flight.min(Semaphore::MAX_PERMITS)),
            settings,
        }
    }

    async fn respond(
        &self,
        headers: &HeaderMap,
        trace: Trace,
        decode: impl FnOnce() -> Result<GraphqlRequest, Refusal>,
        allow_mutation: bool,
    ) -> Response {
        let Some(media) = MediaType::negotiate(headers) else {
            return Refusal::NotAcceptable.into_response(MediaType::Json);
        };
        let trace = trace.map_or_else(|| TraceContext::of(headers), |Extension(trace)| trace);
        let answered = match decode() {
            Ok(request) => self.answer(request, headers, &trace, allow_mutation).await,
            Err(refusal) => Err(refusal),
        };
        match answered {
            Ok(answer) => response(answer, media),
            Err(refusal) => refusal.into_response(media),
        }
    }

    async fn answer(
        &self,
        request: GraphqlRequest,
        headers: &HeaderMap,
        trace: &TraceContext,
        allow_mutation: bool,
    ) -> Result<Answer, Refusal> {
        // Not before the body is there, so that slow clients hold no slot; not queued, so that an answer is never
        // computed for a client that has given up.
        let _slot = self.slots.try_acquire().map_err(|_| Refusal::Overloaded)?;
        let time = self.settings.request_timeout;
        let deadline = Deadline::after(time);
        let work = async {
            let caller = self.identity.caller(headers, trace, deadline, allow_mutation).await?;
            Ok(self.gateway.answer(request, caller).await)
        };
        tokio::time::timeout(time + GRACE, work).await.unwrap_or(Err(Refusal::DeadlineExceeded))
    }
}

fn response(answer: Answer, media: MediaType) -> Response {
    let status = status(answer.status, media);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media.header_value());
    match status {
        StatusCode::METHOD_NOT_ALLOWED => headers.insert(header::ALLOW, ALLOW),
        StatusCode::SERVICE_UNAVAILABLE => headers.insert(header::RETRY_AFTER, RETRY_AFTER),
        _ => None,
    };
    response
}

/// GraphQL over HTTP, section 6.4: with `application/json` the status says only whether the request was well-formed.
fn status(kind: StatusKind, media: MediaType) -> StatusCode {
    match (kind, media) {
        (StatusKind::Ok, _) | (StatusKind::RequestError, MediaType::Json) => StatusCode::OK,
        (StatusKind::RequestError, MediaType::GraphqlResponse) | (StatusKind::LimitExceeded, _) => {
            StatusCode::BAD_REQUEST
        }
        (StatusKind::MethodNotAllowed, _) => StatusCode::METHOD_NOT_ALLOWED,
        (StatusKind::Overloaded, _) => StatusCode::SERVICE_UNAVAILABLE,
        (StatusKind::Internal, _) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

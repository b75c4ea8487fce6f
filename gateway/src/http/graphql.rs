use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use client::Deadline;
use http::request::Parts;
use http::{HeaderMap, Method, Request, StatusCode, header};
use service::shutdown::Shutdown;
use service::telemetry::TraceContext;
use service::token::Verifier;
use tokio::sync::Semaphore;

use super::EdgeSettings;
use super::decode;
use super::media::MediaType;
use super::refusal::{ALLOW, RETRY_AFTER, Refusal};
use super::stream::{self, Protocol, Streams};
use crate::identity::Identity;
use crate::pipeline::{Answer, Gateway, GraphqlRequest, Reply, StatusKind};

/// What answers `/graphql`.
pub(super) struct Edge {
    gateway: Arc<Gateway>,
    identity: Identity,
    settings: EdgeSettings,
    slots: Semaphore,
    streams: Streams,
}

/// What a client takes an answer as.
#[derive(Clone, Copy)]
struct Accepted<'h> {
    media: Option<MediaType>,
    headers: &'h HeaderMap,
}

impl<'h> Accepted<'h> {
    fn by(headers: &'h HeaderMap) -> Self {
        Self { media: MediaType::negotiate(headers), headers }
    }

    fn protocol(self) -> Option<Protocol> {
        Protocol::negotiate(self.headers)
    }

    /// For a client that takes nothing but streams.
    fn protocol_only(self) -> Option<Protocol> {
        if self.media.is_none() { self.protocol() } else { None }
    }
}

impl Edge {
    pub(super) fn new(
        gateway: Arc<Gateway>,
        settings: EdgeSettings,
        verifier: Option<Verifier>,
        shutdown: Shutdown,
    ) -> Self {
        Self {
            gateway,
            identity: Identity::new(verifier, settings.forward_headers.clone()),
            streams: Streams::new(&settings, shutdown),
            slots: Semaphore::new(settings.max_in_flight.min(Semaphore::MAX_PERMITS)),
            settings,
        }
    }

    pub(super) async fn answer(&self, request: Request<Bytes>) -> Response {
        let (head, body) = request.into_parts();
        let accepted = Accepted::by(&head.headers);
        let replied = match head.method {
            Method::POST => {
                let sent = decode::media_type(&head.headers).map(|()| body);
                self.reply(sent, &head, accepted, |body| decode::post(body, &self.settings), true).await
            }
            // A page of another origin can have a browser send a GET without asking first. It gains nothing: there are
            // no cookies here, and a mutation is refused.
            Method::GET | Method::HEAD => {
                let sent = Ok(Bytes::copy_from_slice(head.uri.query().unwrap_or_default().as_bytes()));
                self.reply(sent, &head, accepted, |query| decode::get(query, &self.settings), false).await
            }
            _ => return Refusal::MethodNotAllowed.into_response(MediaType::Json),
        };
        self.respond(replied, accepted)
    }

    async fn reply(
        &self,
        sent: Result<Bytes, Refusal>,
        head: &Parts,
        accepted: Accepted<'_>,
        read: impl Fn(&[u8]) -> Result<GraphqlRequest, Refusal>,
        allow_mutation: bool,
    ) -> Result<Reply, Refusal> {
        if accepted.media.is_none() && accepted.protocol().is_none() {
            return Err(Refusal::NotAcceptable);
        }
        let sent = sent?;
        let trace = TraceContext::current().unwrap_or_else(|| TraceContext::of(&head.headers));
        // Not before the body is there, so that slow clients hold no slot; not queued, so that an answer is never
        // computed for a client that has given up.
        let _slot = self.slots.try_acquire().map_err(|_| Refusal::Overloaded)?;
        let deadline = Deadline::after(self.settings.request_timeout);
        let caller = self.identity.caller(&head.headers, &trace, deadline, allow_mutation).await?;
        self.gateway.reply(&sent, caller, || read(&sent)).await
    }

    fn respond(&self, replied: Result<Reply, Refusal>, accepted: Accepted<'_>) -> Response {
        let media = accepted.media;
        let responded = replied.and_then(|reply| match reply {
            Reply::Stream(subscription) => {
                self.streams.respond(subscription, accepted.protocol().ok_or(Refusal::SubscriptionTransport)?)
            }
            // What was not executed is told by the status, which a stream would hide.
            Reply::Once(answer) => Ok(match accepted.protocol_only().filter(|_| answer.status == StatusKind::Ok) {
                Some(protocol) => stream::single(protocol, &answer.body),
                None => response(answer, media.unwrap_or(MediaType::GraphqlResponse)),
            }),
        });
        responded.unwrap_or_else(|refusal| refusal.into_response(media.unwrap_or(MediaType::Json)))
    }
}

/// As many as an answer has in the end, for which there is then one allocation.
const HEADERS: usize = 8;

fn response(answer: Answer, media: MediaType) -> Response {
    let status = status(answer.status, media);
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(HEADERS);
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

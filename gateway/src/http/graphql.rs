use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use client::Deadline;
use http::{HeaderMap, StatusCode, header};
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

/// The pipeline keeps the deadline by itself and can then still tell what it has got. This much later it is cut.
const GRACE: Duration = Duration::from_millis(250);

/// What the handlers of `/graphql` share.
pub(super) struct Edge {
    gateway: Arc<Gateway>,
    identity: Identity,
    settings: EdgeSettings,
    slots: Semaphore,
    streams: Streams,
}

type Trace = Option<Extension<TraceContext>>;
type Stop = Option<Extension<Shutdown>>;
type Pairs = Query<Vec<(String, String)>>;

pub(super) async fn post(
    State(edge): State<Arc<Edge>>,
    trace: Trace,
    stop: Stop,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let decode = || {
        let body = body.map_err(|_| Refusal::BadRequest("The body cannot be read.".to_owned()))?;
        decode::post(&headers, &body, &edge.settings)
    };
    let replied = edge.reply(&headers, trace, decode, true).await;
    edge.respond(replied, &headers, stop)
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
    let replied = edge.reply(&headers, trace, decode, false).await;
    edge.respond(replied, &headers, None)
}

impl Edge {
    pub(super) fn new(gateway: Arc<Gateway>, settings: EdgeSettings, verifier: Option<Verifier>) -> Self {
        Self {
            gateway,
            identity: Identity::new(verifier, settings.forward_headers.clone()),
            streams: Streams::new(&settings),
            slots: Semaphore::new(settings.max_in_flight.min(Semaphore::MAX_PERMITS)),
            settings,
        }
    }

    async fn reply(
        &self,
        headers: &HeaderMap,
        trace: Trace,
        decode: impl FnOnce() -> Result<GraphqlRequest, Refusal>,
        allow_mutation: bool,
    ) -> Result<Reply, Refusal> {
        if MediaType::negotiate(headers).is_none() && Protocol::negotiate(headers).is_none() {
            return Err(Refusal::NotAcceptable);
        }
        let trace = trace.map_or_else(|| TraceContext::of(headers), |Extension(trace)| trace);
        self.answer(decode()?, headers, &trace, allow_mutation).await
    }

    fn respond(&self, replied: Result<Reply, Refusal>, headers: &HeaderMap, stop: Stop) -> Response {
        let (media, protocol) = (MediaType::negotiate(headers), Protocol::negotiate(headers));
        let responded = replied.and_then(|reply| match (reply, media, protocol) {
            (Reply::Stream(subscription), _, Some(protocol)) => {
                self.streams.respond(subscription, protocol, stop.map(|Extension(shutdown)| shutdown))
            }
            (Reply::Stream(_), _, None) => Err(Refusal::SubscriptionTransport),
            // What was not executed is told by the status, which a stream would hide.
            (Reply::Once(answer), None, Some(protocol)) if answer.status == StatusKind::Ok => {
                Ok(stream::single(protocol, &answer.body))
            }
            (Reply::Once(answer), ..) => Ok(response(answer, media.unwrap_or(MediaType::GraphqlResponse))),
        });
        responded.unwrap_or_else(|refusal| refusal.into_response(media.unwrap_or(MediaType::Json)))
    }

    async fn answer(
        &self,
        request: GraphqlRequest,
        headers: &HeaderMap,
        trace: &TraceContext,
        allow_mutation: bool,
    ) -> Result<Reply, Refusal> {
        // Not before the body is there, so that slow clients hold no slot; not queued, so that an answer is never
        // computed for a client that has given up.
        let _slot = self.slots.try_acquire().map_err(|_| Refusal::Overloaded)?;
        let time = self.settings.request_timeout;
        let deadline = Deadline::after(time);
        // On the heap, so that the layers around it do not move some kilobytes each.
        let work = Box::pin(async {
            let caller = self.identity.caller(headers, trace, deadline, allow_mutation).await?;
            Ok(self.gateway.reply(request, caller).await)
        });
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

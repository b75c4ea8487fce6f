//! Subscriptions as HTTP responses that go on.

mod protocol;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::future::{self, BoxFuture};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, Stream, StreamExt};
use http::header::CONTENT_TYPE;
use serde_json::json;
use service::shutdown::Shutdown;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::EdgeSettings;
use super::refusal::Refusal;
use crate::pipeline::{Event, Subscription};

pub(super) use protocol::Protocol;

/// The places for open streams.
pub(super) struct Streams {
    places: Arc<Semaphore>,
    heartbeat: Duration,
    shutdown: Shutdown,
}

/// A stream that is open. When its client is gone it is dropped, and with it its place and the subgraph's stream.
struct Open {
    protocol: Protocol,
    events: BoxStream<'static, Event>,
    ending: BoxFuture<'static, Ending>,
    heartbeat: Duration,
    _place: OwnedSemaphorePermit,
}

/// Why a stream ends although its subgraph has more to tell.
#[derive(Debug, Clone, Copy)]
enum Ending {
    Shutdown,
    Expired,
}

impl Streams {
    pub(super) fn new(settings: &EdgeSettings, shutdown: Shutdown) -> Self {
        let places = Semaphore::new(settings.max_subscriptions.min(Semaphore::MAX_PERMITS));
        Self { places: Arc::new(places), heartbeat: settings.subscription_heartbeat, shutdown }
    }

    /// A response with the subscription's events, for which there must be a place.
    pub(super) fn respond(&self, subscription: Subscription, protocol: Protocol) -> Result<Response, Refusal> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| Refusal::Overloaded)?;
        let open = Open {
            protocol,
            ending: ending(&subscription, self.shutdown.clone()).boxed(),
            events: subscription.events(),
            heartbeat: self.heartbeat,
            _place: place,
        };
        let opening = stream::iter([protocol.opening()]);
        Ok(response(protocol, opening.chain(stream::unfold(Some(open), Open::frame))))
    }
}

/// One result, for clients that read nothing but streams.
pub(super) fn single(protocol: Protocol, result: &[u8]) -> Response {
    response(protocol, stream::iter([protocol.opening(), protocol.next(result), protocol.complete()]))
}

fn response(protocol: Protocol, frames: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let body = Body::from_stream(frames.map(Ok::<_, Infallible>));
    ([(CONTENT_TYPE, protocol.content_type())], body).into_response()
}

fn ending(subscription: &Subscription, shutdown: Shutdown) -> impl Future<Output = Ending> + Send + use<> {
    let expires_at = subscription.expires_at();
    async move {
        let expired = async {
            match expires_at {
                Some(expiry) => tokio::time::sleep_until(expiry.at()).await,
                None => future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = shutdown.requested() => Ending::Shutdown,
            () = expired => Ending::Expired,
        }
    }
}

impl Ending {
    fn errors(self) -> Vec<u8> {
        let (code, message) = match self {
            Self::Shutdown => ("SERVICE_UNAVAILABLE", "The gateway stops. Subscribe again."),
            Self::Expired => ("UNAUTHENTICATED", "The access token has expired."),
        };
        json!([{ "message": message, "extensions": { "code": code } }]).to_string().into_bytes()
    }
}

impl Open {
    /// What to send next, and the stream after it, unless that was the end. Nothing is asked of the subgraph but when
    /// the connection takes more; one that takes nothing is ended by the server's write timeout.
    async fn frame(open: Option<Self>) -> Option<(Bytes, Option<Self>)> {
        let mut open = open?;
        let protocol = open.protocol;
        let frame = tokio::select! {
            biased;
            ending = &mut open.ending => {
                tracing::debug!(?ending, "subscription ended");
                return Some((protocol.fault(&ending.errors()), None));
            }
            event = open.events.next() => match event {
                Some(Event::Next(result)) => protocol.next(&result),
                Some(Event::Fault(errors)) => return Some((protocol.fault(&errors), None)),
                None => return Some((protocol.complete(), None)),
            },
            () = tokio::time::sleep(open.heartbeat) => protocol.heartbeat(),
        };
        Some((frame, Some(open)))
    }
}

//! GraphQL over server-sent events, distinct connections mode
//! (<https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverSSE.md>).

use std::{pin::Pin, sync::Arc, time::Duration};

use async_graphql::Response as GraphqlResponse;
use axum::{
    body::{Body, Bytes},
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse as _, Response},
};
use futures_util::{
    Stream, StreamExt as _,
    stream::{self, BoxStream},
};
use serde::{Deserialize, Serialize};
use service::shutdown::Shutdown;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{fault, refusal::Refusal, with_codes};
use crate::{Error, Identity};

const HEARTBEAT: Bytes = Bytes::from_static(b":\n\n");
const COMPLETE: &[u8] = b"event: complete\ndata:\n\n";

/// Subscriptions of this process. Durations are written like `12s`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StreamSettings {
    /// More are refused with 503. Each takes one of `serve.max_connections`, which should leave some for the rest.
    pub max: usize,
    /// After so long without an event a stream shows that it lives.
    #[serde(with = "humantime_serde")]
    pub heartbeat: Duration,
}

impl Default for StreamSettings {
    fn default() -> Self {
        Self { max: 8_000, heartbeat: Duration::from_secs(12) }
    }
}

/// The places for streams. Clones share them.
#[derive(Clone, Debug)]
pub struct Streams {
    places: Arc<Semaphore>,
    max: usize,
    heartbeat: Duration,
    shutdown: Shutdown,
}

/// A stream that is open; its place is free once it is dropped, with the connection if need be.
struct Open {
    results: BoxStream<'static, GraphqlResponse>,
    ending: Pin<Box<dyn Future<Output = Error> + Send>>,
    heartbeat: Duration,
    _place: OwnedSemaphorePermit,
}

impl Streams {
    /// Once `shutdown` is requested, all of them end.
    pub fn new(settings: &StreamSettings, shutdown: Shutdown) -> Self {
        let max = settings.max.min(Semaphore::MAX_PERMITS);
        Self { places: Arc::new(Semaphore::new(max)), max, heartbeat: settings.heartbeat, shutdown }
    }

    /// How many streams are open.
    pub fn open(&self) -> usize {
        self.max - self.places.available_permits()
    }

    /// Sends results until there are no more, or until there shall be no more for the caller.
    pub(super) fn answer(
        &self,
        results: BoxStream<'static, GraphqlResponse>,
        identity: Identity,
    ) -> Result<Response, Refusal> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| {
            let message = "Too many subscriptions are open. Try again later.";
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "OVERLOADED", message)
        })?;
        let ending = Box::pin(ending(identity, self.shutdown.clone()));
        let open = Open { results, ending, heartbeat: self.heartbeat, _place: place };
        Ok(response(stream::unfold(Some(open), frame)))
    }
}

/// The answer to an operation that has one result.
pub(super) fn single(result: &GraphqlResponse) -> Response {
    response(stream::iter([next(result), Ok(Bytes::from_static(COMPLETE))]))
}

/// Why a stream ends although more could come: the caller's token is no longer good, or the process stops.
async fn ending(identity: Identity, shutdown: Shutdown) -> Error {
    let expired = async {
        match identity {
            Identity::Caller(caller) => tokio::time::sleep(caller.expires_in()).await,
            Identity::Anonymous => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = shutdown.requested() => Error::Unavailable,
        () = expired => Error::InvalidToken,
    }
}

/// What to send next, and the stream after it, unless that was the end.
async fn frame(open: Option<Open>) -> Option<(serde_json::Result<Bytes>, Option<Open>)> {
    let mut open = open?;
    let frame = tokio::select! {
        biased;
        error = &mut open.ending => return Some((last(&fault(error)), None)),
        result = open.results.next() => match result {
            Some(result) => next(&with_codes(result)),
            None => return Some((Ok(Bytes::from_static(COMPLETE)), None)),
        },
        () = tokio::time::sleep(open.heartbeat) => Ok(HEARTBEAT),
    };
    Some((frame, Some(open)))
}

/// JSON has no line breaks, so an event has one line of data.
fn next(result: &GraphqlResponse) -> serde_json::Result<Bytes> {
    let json = serde_json::to_string(result)?;
    Ok(format!("event: next\ndata: {json}\n\n").into())
}

fn last(result: &GraphqlResponse) -> serde_json::Result<Bytes> {
    Ok([&next(result)?, COMPLETE].concat().into())
}

fn response(frames: impl Stream<Item = serde_json::Result<Bytes>> + Send + 'static) -> Response {
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")];
    (headers, Body::from_stream(frames)).into_response()
}

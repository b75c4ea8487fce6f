//! A bound in bytes and in time over reading a request's body, whatever the handler does with it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::{CONNECTION, CONTENT_LENGTH};
use axum::response::Response;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Bytes;
use tokio::sync::oneshot;
use tokio::time::{Sleep, sleep};

use super::layers::error;

#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) bytes: usize,
    pub(super) time: Duration,
}

/// Why reading was stopped.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Excess {
    #[error("the request body is too large")]
    TooLarge,
    #[error("the request body took too long")]
    TooSlow,
}

/// Answers 413 or 408 when the body exceeds its limits. The handler sees a failing body too, but its own answer to
/// that is not used: it cannot know the reason.
pub(super) async fn guard<F>(limits: Limits, request: Request, answer: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    if announced(&request).is_some_and(|bytes| bytes > limits.bytes as u64) {
        return refusal(Excess::TooLarge);
    }
    let (excess, mut stopped) = oneshot::channel();
    let request = request.map(|body| Body::new(Guarded::new(body, limits, excess)));
    let response = tokio::select! {
        biased;
        Ok(excess) = &mut stopped => return refusal(excess),
        response = answer(request) => response,
    };
    stopped.try_recv().map_or(response, refusal)
}

fn announced(request: &Request) -> Option<u64> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The connection is closed with the answer, for what is left of the body would be read as the next request.
fn refusal(excess: Excess) -> Response {
    let mut response = match excess {
        Excess::TooLarge => error(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", &excess.to_string()),
        Excess::TooSlow => error(StatusCode::REQUEST_TIMEOUT, "BODY_TOO_SLOW", &excess.to_string()),
    };
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

struct Guarded {
    inner: Body,
    bytes_left: usize,
    time: Duration,
    /// Over the whole body: one for each frame would let one byte a second pass for ever. Begun with the first wait, for only
    /// a body that has to be waited for needs it.
    timer: Option<Pin<Box<Sleep>>>,
    excess: Option<oneshot::Sender<Excess>>,
}

impl Guarded {
    fn new(inner: Body, limits: Limits, excess: oneshot::Sender<Excess>) -> Self {
        let Limits { bytes, time } = limits;
        Self { inner, bytes_left: bytes, time, timer: None, excess: Some(excess) }
    }

    fn stop(&mut self, excess: Excess) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        if let Some(sender) = self.excess.take() {
            // The receiver is gone only when the client is.
            let _ = sender.send(excess);
        }
        Poll::Ready(Some(Err(Box::new(excess))))
    }
}

impl HttpBody for Guarded {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.excess.is_none() {
            return Poll::Ready(None);
        }
        let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) else {
            let time = self.time;
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(time)));
            ready!(timer.as_mut().poll(context));
            return self.stop(Excess::TooSlow);
        };
        let Some(frame) = frame else { return Poll::Ready(None) };
        let frame = frame.map_err(axum::BoxError::from)?;
        let length = frame.data_ref().map_or(0, Bytes::len);
        match self.bytes_left.checked_sub(length) {
            Some(left) => self.bytes_left = left,
            None => return self.stop(Excess::TooLarge),
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

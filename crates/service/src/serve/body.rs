//! Reading a request's body whole, within a bound in bytes and in time, before any handler sees the request.

use std::time::Duration;

use axum::BoxError;
use axum::http::StatusCode;
use axum::http::header::{CONNECTION, HeaderValue};
use axum::response::Response;
use http_body_util::{BodyExt, Collected, LengthLimitError, Limited};
use hyper::Request;
use hyper::body::{Body, Bytes, Incoming};
use tokio::time::timeout;

use super::layers::error;

#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) bytes: usize,
    pub(super) time: Duration,
}

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(super) enum Unread {
    #[error("the request body is too large")]
    TooLarge,
    #[error("the request body took too long")]
    TooSlow,
    #[error("the request body cannot be read")]
    Broken,
}

/// The request with its whole body.
pub(super) async fn read(request: Request<Incoming>, limits: Limits) -> Result<Request<Bytes>, Unread> {
    let (head, body) = request.into_parts();
    if body.size_hint().lower() > limits.bytes as u64 {
        return Err(Unread::TooLarge);
    }
    // Over the whole body: a timer for each frame would let one byte a second pass for ever. A body that has come together
    // with its head is there at once, and begins none.
    let collecting = Limited::new(body, limits.bytes).collect();
    let collected = timeout(limits.time, collecting).await.map_err(|_| Unread::TooSlow)?;
    Ok(Request::from_parts(head, collected.map(Collected::to_bytes).map_err(|error| Unread::of(&error))?))
}

impl Unread {
    fn of(error: &BoxError) -> Self {
        if error.is::<LengthLimitError>() { Self::TooLarge } else { Self::Broken }
    }

    /// The connection is closed with it, for what is left of the body would be read as the next request.
    pub(super) fn into_response(self) -> Response {
        let (status, code) = match self {
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE"),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "BODY_TOO_SLOW"),
            Self::Broken => (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
        };
        let mut response = error(status, code, &self.to_string());
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

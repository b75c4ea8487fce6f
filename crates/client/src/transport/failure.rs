//! How an attempt ends without an answer, and what that says.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};

use super::pool::Broken;
use crate::error::{BadResponse, Unavailable};

/// A longer `Retry-After` is not believed.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// How an attempt ended without an answer.
#[derive(Debug)]
pub(crate) enum Failure {
    Unavailable {
        reason: Unavailable,
        retry_after: Option<Duration>,
    },
    /// A connection that had been used before broke before an answer, which may be for its age alone.
    Stale,
    RateLimited {
        retry_after: Option<Duration>,
    },
    BadResponse(BadResponse),
}

impl Failure {
    /// Whether it tells against the service. Refusing a request (4xx, 429) does not; nor does an answer larger than
    /// allowed, for which a caller can ask as often as it likes.
    pub(crate) fn is_the_services(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::Stale => true,
            Self::RateLimited { .. } => false,
            Self::BadResponse(BadResponse::NotGraphql(status)) => !(400..500).contains(status),
            Self::BadResponse(BadResponse::TooLarge) => false,
            Self::BadResponse(_) => true,
        }
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } | Self::RateLimited { retry_after } => *retry_after,
            Self::Stale | Self::BadResponse(_) => None,
        }
    }
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        let unavailable = |reason| Self::Unavailable { reason, retry_after: None };
        match broken {
            Broken::NotConnected => unavailable(Unavailable::Connect),
            Broken::Fresh => unavailable(Unavailable::Connection),
            Broken::Stale => Self::Stale,
        }
    }
}

pub(super) fn not_sent(error: &reqwest::Error) -> Failure {
    let reason = if error.is_connect() { Unavailable::Connect } else { Unavailable::Connection };
    Failure::Unavailable { reason, retry_after: None }
}

pub(super) fn refused(status: StatusCode, headers: &HeaderMap) -> Failure {
    match status {
        StatusCode::TOO_MANY_REQUESTS => Failure::RateLimited { retry_after: retry_after(headers) },
        status if status.is_server_error() => {
            Failure::Unavailable { reason: Unavailable::Status(status.as_u16()), retry_after: retry_after(headers) }
        }
        status => Failure::BadResponse(BadResponse::NotGraphql(status.as_u16())),
    }
}

/// Seconds only: the other form, a date, would need the clocks of both ends to agree (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER))
}

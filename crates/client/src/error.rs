//! What a caller has to tell apart when a call does not bring data.

use std::time::Duration;

use crate::answer::GraphqlError;

/// Why a call brought no data. No text here repeats what the service said: it is safe to log, and a client of ours
/// gets [`code`](Self::code) and a sentence of the caller's.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ClientError {
    /// The service is down, or was so often lately that it was not asked.
    #[error("{service} is unavailable: {reason}")]
    Unavailable { service: String, reason: Unavailable },

    #[error("{service} did not answer in time")]
    DeadlineExceeded { service: String },

    /// Too many calls to the service are waiting already, or for longer than there is time; this one was not sent.
    #[error("too many calls to {service} are waiting")]
    Overloaded { service: String },

    /// The service asks this caller to slow down (429).
    #[error("{service} limits the rate of calls")]
    RateLimited { service: String, retry_after: Option<Duration> },

    /// The answer is not GraphQL over HTTP, is cut short or is too large.
    #[error("{service} gave a bad response: {reason}")]
    BadResponse { service: String, reason: BadResponse },

    /// A well-formed answer with errors; only where typed data was asked for.
    #[error("{service} answered with {} errors", errors.len())]
    Graphql { service: String, errors: Vec<GraphqlError> },
}

/// Why a service counts as unavailable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    #[error("the breaker is open")]
    BreakerOpen,
    #[error("cannot connect")]
    Connect,
    #[error("the connection broke before an answer")]
    Connection,
    #[error("status {0}")]
    Status(u16),
}

impl Unavailable {
    /// Whether another attempt, perhaps elsewhere, may do better: the service did not, or could not, answer.
    pub(crate) fn is_passing(self) -> bool {
        match self {
            Self::Connect | Self::Connection => true,
            Self::Status(status) => matches!(status, 502..=504),
            Self::BreakerOpen => false,
        }
    }
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadResponse {
    #[error("status {0} without a GraphQL response")]
    NotGraphql(u16),
    #[error("the body is not a well-formed GraphQL response")]
    Malformed,
    #[error("the data is not of the expected shape")]
    UnexpectedData,
    #[error("the body ended early")]
    Truncated,
    #[error("the body is too large")]
    TooLarge,
}

impl ClientError {
    /// For `extensions.code` of an error that a client sees. Errors of the service itself keep their own codes.
    pub fn code(&self) -> &str {
        match self {
            Self::Unavailable { .. } | Self::Overloaded { .. } => "SUBGRAPH_UNAVAILABLE",
            Self::DeadlineExceeded { .. } => "DEADLINE_EXCEEDED",
            Self::RateLimited { .. } => "RATE_LIMITED",
            Self::BadResponse { .. } => "SUBGRAPH_BAD_RESPONSE",
            Self::Graphql { errors, .. } => errors.iter().find_map(|error| error.code()).unwrap_or("INTERNAL"),
        }
    }

    /// Whether the call may have had its effect although there is no answer. `false` means that it was certainly not
    /// sent; a mutation with `true` has an unknown outcome.
    pub fn may_have_been_executed(&self) -> bool {
        !matches!(
            self,
            Self::Overloaded { .. }
                | Self::RateLimited { .. }
                | Self::Unavailable { reason: Unavailable::BreakerOpen | Unavailable::Connect, .. }
        )
    }
}

/// A client cannot be built from its settings.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("{0:?} is not an http or https URL")]
    Url(String),
    #[error("cannot set up the HTTP client")]
    Http(#[from] reqwest::Error),
}

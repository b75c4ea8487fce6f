//! Faults: what a client sees in the top-level `errors` of a GraphQL response.
//!
//! Expected failures of a mutation are not here: they are data, see [`crate::user_error`].

use std::{error::Error as StdError, sync::Arc};

use async_graphql::ErrorExtensions;
use sea_orm::DbErr;

use crate::database::is_transient;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The one error type of resolvers. Every variant has a stable `extensions.code`, and `Display` is
/// what the client reads: it never names a table, a statement or another service's internals.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    #[error("Sign in to use this field.")]
    Unauthenticated,
    #[error("The access token is not valid. Sign in again.")]
    InvalidToken,
    #[error("You may not use this field.")]
    Forbidden,
    /// Where null cannot say it. The same for what is missing and for what is not the caller's to see.
    #[error("There is no such thing, or it is not yours to see.")]
    NotFound,
    /// The message is shown to the client, so it names the argument and the rule it breaks.
    #[error("{0}")]
    BadUserInput(String),
    #[error("Too many requests. Try again later.")]
    RateLimited,
    /// Something this subgraph depends on cannot answer now; trying again later may work.
    #[error("The service cannot answer right now.")]
    Unavailable,
    #[error("The answer would have come too late.")]
    DeadlineExceeded,
    /// The source is logged where it becomes a response, and never sent.
    #[error("Internal error.")]
    Internal(#[source] Arc<dyn StdError + Send + Sync>),
}

impl Error {
    pub fn internal(source: impl StdError + Send + Sync + 'static) -> Self {
        Self::Internal(Arc::new(source))
    }

    pub fn bad_input(message: impl Into<String>) -> Self {
        Self::BadUserInput(message.into())
    }

    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated | Self::InvalidToken => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::BadUserInput(_) => "BAD_USER_INPUT",
            Self::RateLimited => "RATE_LIMITED",
            Self::Unavailable => "SUBGRAPH_UNAVAILABLE",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::Internal(_) => "INTERNAL",
        }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if is_transient(&error) {
            tracing::warn!(error = &error as &dyn StdError, "database cannot answer now");
            return Self::Unavailable;
        }
        Self::internal(error)
    }
}

impl From<client::ClientError> for Error {
    fn from(error: client::ClientError) -> Self {
        tracing::warn!(error = &error as &dyn StdError, "call to another service failed");
        match error.code() {
            "DEADLINE_EXCEEDED" => Self::DeadlineExceeded,
            _ => Self::Unavailable,
        }
    }
}

impl From<Error> for async_graphql::Error {
    fn from(error: Error) -> Self {
        if let Error::Internal(source) = &error {
            tracing::error!(error = &**source as &dyn StdError, "resolver failed");
        }
        Self::new(error.to_string()).extend_with(|_, extensions| {
            extensions.set("code", error.code());
        })
    }
}

//! The services that orders asks, each with the token of its own service principal.

pub mod catalogue;
pub mod inventory;

use axum::http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use client::ClientError;
use service::token::GrantError;

/// Why a call brought no answer. Whether it had its effect is unknown.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("there is no token for the call")]
    Token(#[from] GrantError),
    #[error(transparent)]
    Client(#[from] ClientError),
    /// An answer that this protocol does not have; it carries the error codes.
    #[error("inventory refused: {0}")]
    Refused(String),
}

fn bearing(token: HeaderValue) -> HeaderMap {
    HeaderMap::from_iter([(AUTHORIZATION, token)])
}

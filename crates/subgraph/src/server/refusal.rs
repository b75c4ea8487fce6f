use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use document::LimitError;
use serde_json::json;
use service::token::TokenError;

use crate::Error;

/// A request that never reaches the schema, with the answer it gets: a GraphQL error, so that every
/// client can show it.
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(super) fn subscription_transport() -> Self {
        let message = "A subscription is answered with accept text/event-stream only.";
        Self::new(StatusCode::NOT_ACCEPTABLE, "SUBSCRIPTION_TRANSPORT", message)
    }

    pub(super) fn fault(status: StatusCode, error: &Error) -> Self {
        Self::new(status, error.code(), error.to_string())
    }
}

impl From<LimitError> for Refusal {
    fn from(error: LimitError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.code(), error.to_string())
    }
}

impl From<TokenError> for Refusal {
    /// Why a token is not accepted is nobody's business but the log's.
    fn from(error: TokenError) -> Self {
        tracing::debug!(%error, "token refused");
        match error {
            TokenError::KeysUnavailable => Self::fault(StatusCode::SERVICE_UNAVAILABLE, &Error::Unavailable),
            _ => Self::fault(StatusCode::UNAUTHORIZED, &Error::InvalidToken),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = json!({ "message": self.message, "extensions": { "code": self.code } });
        (self.status, Json(json!({ "errors": [error] }))).into_response()
    }
}

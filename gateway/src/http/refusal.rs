use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;
use thiserror::Error;

use super::media::MediaType;
use crate::identity::IdentityError;

/// Why a request gets no further than the edge. Clients see the message, the code and nothing else.
#[derive(Debug, Error)]
pub(super) enum Refusal {
    #[error("{0}")]
    BadRequest(String),
    #[error("A request is one operation: send several operations as several requests.")]
    Batch,
    #[error("Persisted queries are not supported: send the query.")]
    PersistedQuery,
    #[error("A request body is application/json in UTF-8, without a content encoding.")]
    UnsupportedMediaType,
    #[error("Responses are application/graphql-response+json or application/json.")]
    NotAcceptable,
    #[error("Subscriptions are answered as text/event-stream or multipart/mixed;subscriptionSpec=1.0.")]
    SubscriptionTransport,
    #[error("GraphQL takes GET for queries and POST.")]
    MethodNotAllowed,
    #[error("There is nothing at this path.")]
    NotFound,
    #[error("The gateway is busy. Try again.")]
    Overloaded,
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) | Self::Batch | Self::PersistedQuery | Self::Identity(IdentityError::Ambiguous) => {
                StatusCode::BAD_REQUEST
            }
            Self::Identity(IdentityError::Invalid) => StatusCode::UNAUTHORIZED,
            Self::Identity(IdentityError::Unavailable) | Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable | Self::SubscriptionTransport => StatusCode::NOT_ACCEPTABLE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) | Self::Identity(IdentityError::Ambiguous) => "BAD_REQUEST",
            Self::Batch => "BATCHING_NOT_SUPPORTED",
            // The code, and for older clients the status, by which a client learns to send the whole query.
            Self::PersistedQuery => "PERSISTED_QUERY_NOT_SUPPORTED",
            Self::Identity(IdentityError::Invalid) => "UNAUTHENTICATED",
            Self::Identity(IdentityError::Unavailable) => "SERVICE_UNAVAILABLE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::NotAcceptable => "NOT_ACCEPTABLE",
            Self::SubscriptionTransport => "SUBSCRIPTION_TRANSPORT",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::NotFound => "NOT_FOUND",
            Self::Overloaded => "OVERLOADED",
        }
    }

    /// The header that the status code asks for.
    fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self.status() {
            StatusCode::UNAUTHORIZED => {
                Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=\"invalid_token\"")))
            }
            StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, RETRY_AFTER)),
            StatusCode::METHOD_NOT_ALLOWED => Some((header::ALLOW, ALLOW)),
            _ => None,
        }
    }

    pub(super) fn into_response(self, media: MediaType) -> Response {
        tracing::info!(code = self.code(), http.status = self.status().as_u16(), "request refused");
        let body = json!({ "errors": [{ "message": self.to_string(), "extensions": { "code": self.code() } }] });
        let mut response = (self.status(), Json(body)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, media.header_value());
        response.headers_mut().extend(self.header());
        response
    }
}

/// Seconds. Short, because load is shed within milliseconds of its excess.
pub(super) const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// GET stays in for the queries that it may carry.
pub(super) const ALLOW: HeaderValue = HeaderValue::from_static("GET, POST");

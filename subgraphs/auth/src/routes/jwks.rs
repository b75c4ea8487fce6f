use axum::{
    Json,
    extract::State,
    http::header::CACHE_CONTROL,
    response::{IntoResponse, Response},
};

use crate::domain::keys::KeyRing;

/// Far shorter than a key is published before it signs, and after it has signed.
const CACHE: &str = "public, max-age=300";

/// The JWK Set (RFC 7517).
pub(super) async fn published(State(keys): State<KeyRing>) -> Response {
    let set = keys.published().borrow().clone();
    ([(CACHE_CONTROL, CACHE)], Json(set)).into_response()
}

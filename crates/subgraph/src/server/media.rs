//! What a client sends, and what it reads.

use axum::http::{
    HeaderMap, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};

use super::refusal::Refusal;

/// A body that a browser can send without a preflight request is refused: GraphQL is JSON only.
pub(super) fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if essence(value).eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let message = "Send a POST with content-type application/json.";
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message))
}

/// Whether the client names event streams among what it reads; `*/*` does not.
pub(super) fn reads_events(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|range| essence(range).eq_ignore_ascii_case("text/event-stream"))
}

/// A media type without its parameters.
fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

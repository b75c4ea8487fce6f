//! What every response says to browsers.

use axum::response::Response;
use http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::EdgeSettings;
use std::time::Duration;

/// For answers that are data and never a page.
const NO_PAGE: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'");

/// How long a browser may remember a preflight.
const PREFLIGHT_AGE: Duration = Duration::from_secs(600);

/// Adds what a route has not set itself: the playground has a policy and a cache of its own.
pub(super) fn harden(mut response: Response) -> Response {
    let defaults = [
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_SECURITY_POLICY, NO_PAGE),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    for (name, value) in defaults {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

/// Lets pages of the listed origins read answers and send tokens. Never with credentials, so `*` exposes nothing that
/// the page could not ask for by itself.
pub(super) fn cors(settings: &EdgeSettings) -> CorsLayer {
    let origins = if settings.cors_origins.iter().any(super::Origin::is_any) {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(settings.cors_origins.iter().map(super::Origin::value))
    };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(allowed_headers(settings))
        .expose_headers([header::RETRY_AFTER, header::WWW_AUTHENTICATE, HeaderName::from_static("x-trace-id")])
        .max_age(PREFLIGHT_AGE)
}

/// The last three are what Apollo's clients send to make a browser ask first.
fn allowed_headers(settings: &EdgeSettings) -> Vec<HeaderName> {
    let mut names = vec![
        header::ACCEPT,
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        HeaderName::from_static("traceparent"),
        HeaderName::from_static("tracestate"),
        HeaderName::from_static("apollo-require-preflight"),
        HeaderName::from_static("apollographql-client-name"),
        HeaderName::from_static("apollographql-client-version"),
        HeaderName::from_static("x-apollo-operation-name"),
    ];
    names.extend(settings.forward_headers.iter().map(|header| header.name().clone()));
    names
}

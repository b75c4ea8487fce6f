//! What surrounds every handler.

use std::any::Any;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONNECTION, HOST, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Method, StatusCode, Uri, Version};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tower_http::catch_panic::CatchPanicLayer;

use super::{ServeSettings, body};
use crate::shutdown::Shutdown;
use crate::telemetry::trace_requests;

/// Wraps `router`; read from the bottom up, as a request meets the layers.
pub(super) fn protect(router: Router, settings: &ServeSettings) -> Router {
    let limits = body::Limits { bytes: settings.max_body_bytes, time: settings.body_read_timeout };
    router
        // Innermost, so that a handler which panics, or reads a body too large, is answered and traced like any other.
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(limits, body::guard))
        // Before any work is done for a request that no HTTP/1.1 origin server should see.
        .layer(from_fn(refuse_proxy_requests))
        // Outside of all that answers, since each of their answers may be the last on its connection.
        .layer(from_fn(close_when_draining))
        // Outermost: what was refused is logged too.
        .layer(from_fn(trace_requests))
}

/// An error in the shape that GraphQL clients read, which suits every route of ours.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "errors": [{ "message": message, "extensions": { "code": code } }] });
    let headers = [(CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (status, headers, axum::Json(body)).into_response()
}

fn panicked(payload: Box<dyn Any + Send>) -> Response {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text.unwrap_or("(no text)"), "a handler panicked");
    error(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "internal error")
}

/// TRACE echoes headers, CONNECT and absolute-form targets are for proxies, and a target's authority that differs
/// from `Host` is how requests are smuggled past one.
async fn refuse_proxy_requests(request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::TRACE | Method::CONNECT) {
        return error(StatusCode::METHOD_NOT_ALLOWED, "BAD_REQUEST", "method not allowed");
    }
    if is_absolute(request.uri()) {
        return error(StatusCode::BAD_REQUEST, "BAD_REQUEST", "the request target must be a path");
    }
    if !names_one_host(&request) {
        return error(StatusCode::BAD_REQUEST, "BAD_REQUEST", "the request must name one host");
    }
    next.run(request).await
}

/// RFC 9112, section 3.2: whoever stands before this server may have read the other one.
fn names_one_host(request: &Request) -> bool {
    let hosts = request.headers().get_all(HOST).iter().count();
    hosts == 1 || (hosts == 0 && request.version() < Version::HTTP_11)
}

fn is_absolute(uri: &Uri) -> bool {
    uri.scheme().is_some() || uri.authority().is_some()
}

async fn close_when_draining(request: Request, next: Next) -> Response {
    let shutdown = request.extensions().get::<Shutdown>().cloned();
    let mut response = next.run(request).await;
    if shutdown.is_some_and(|shutdown| shutdown.is_requested()) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

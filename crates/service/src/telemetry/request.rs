//! The trace of one request, and what is logged of it.

use std::time::Instant;

use axum::response::Response;
use http::{HeaderName, HeaderValue, Method, Request, Uri};

use super::trace_context::{CURRENT, TraceContext};

const TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

/// Continues the request's trace (see [`TraceContext::current`]) and names it in the response header `x-trace-id` and in
/// whatever is logged meanwhile.
///
/// Neither query nor headers are logged, in which tokens and personal data travel.
pub(crate) async fn trace<B, F>(request: Request<B>, answer: impl FnOnce(Request<B>) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let context = TraceContext::of(request.headers());
    let trace_id = context.trace_id();
    let target = (request.method().clone(), request.uri().clone());
    let mut response = CURRENT.scope(context, logged(&target, answer(request))).await;
    if let Ok(trace_id) = HeaderValue::from_str(&trace_id) {
        response.headers_mut().insert(TRACE_ID, trace_id);
    }
    response
}

/// The path is told of what failed only: then it is one that is served.
async fn logged((method, uri): &(Method, Uri), answer: impl Future<Output = Response>) -> Response {
    let started = Instant::now();
    let response = answer.await;
    let (status, duration_ms) = (response.status().as_u16(), started.elapsed().as_secs_f64() * 1000.0);
    match response.status().is_server_error() {
        true => {
            tracing::warn!(http.method = %method, http.path = uri.path(), http.status = status, duration_ms, "request failed")
        }
        false => tracing::debug!(http.method = %method, http.status = status, duration_ms, "request answered"),
    }
    response
}

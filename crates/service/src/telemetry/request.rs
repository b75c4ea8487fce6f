//! The span of one request.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::trace_context::{CURRENT, TraceContext};

const TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

/// Middleware for `Router::layer`: opens the request's span, continues its trace (see [`TraceContext`], also found in
/// the request's extensions) and names the trace in the response header `x-trace-id`.
///
/// The span has the route's pattern and never the path, query or headers, in which tokens and personal data travel.
pub async fn trace_requests(mut request: Request, next: Next) -> Response {
    let context = TraceContext::of(request.headers());
    let span = span(&request, &context);
    request.extensions_mut().insert(context.clone());
    let trace_id = HeaderValue::from_str(&context.trace_id());
    let mut response = CURRENT.scope(context, answer(request, next)).instrument(span).await;
    if let Ok(trace_id) = trace_id {
        response.headers_mut().insert(TRACE_ID, trace_id);
    }
    response
}

fn span(request: &Request, context: &TraceContext) -> Span {
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str);
    tracing::info_span!(
        "request",
        http.method = %request.method(),
        http.route = route,
        http.status = Empty,
        duration_ms = Empty,
        trace_id = context.trace_id(),
    )
}

async fn answer(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let response = next.run(request).await;
    let span = Span::current();
    span.record("http.status", response.status().as_u16());
    span.record("duration_ms", started.elapsed().as_secs_f64() * 1000.0);
    match response.status().is_server_error() {
        true => tracing::warn!("request failed"),
        false => tracing::debug!("request answered"),
    }
    response
}

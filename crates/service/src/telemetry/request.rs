//! The span of one request.

use std::time::Instant;

use axum::extract::Request;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::trace_context::{CURRENT, TraceContext};

const TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

/// Opens the request's span, continues its trace (see [`TraceContext`], also found in the request's extensions) and names
/// the trace in the response header `x-trace-id`.
///
/// The span has the route's pattern and never the path, query or headers, in which tokens and personal data travel.
pub(crate) async fn trace<F>(mut request: Request, answer: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let context = TraceContext::of(request.headers());
    let trace_id = context.trace_id();
    let span = tracing::info_span!("request", http.method = %request.method(), http.route = Empty, trace_id);
    request.extensions_mut().insert(context.clone());
    let mut response = CURRENT.scope(context, logged(answer(request))).instrument(span).await;
    if let Ok(trace_id) = HeaderValue::from_str(&trace_id) {
        response.headers_mut().insert(TRACE_ID, trace_id);
    }
    response
}

/// Tells the current request's span its route's pattern.
pub(crate) fn name_route(pattern: &str) {
    Span::current().record("http.route", pattern);
}

async fn logged(answer: impl Future<Output = Response>) -> Response {
    let started = Instant::now();
    let response = answer.await;
    let (status, duration_ms) = (response.status().as_u16(), started.elapsed().as_secs_f64() * 1000.0);
    match response.status().is_server_error() {
        true => tracing::warn!(http.status = status, duration_ms, "request failed"),
        false => tracing::debug!(http.status = status, duration_ms, "request answered"),
    }
    response
}

//! The span of one request.

use std::time::Instant;

use axum::extract::Request;
use axum::response::Response;
use http::{HeaderName, HeaderValue, Method, Uri};
use tracing::Instrument;

use super::trace_context::{CURRENT, TraceContext};

const TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

/// Opens the request's span, continues its trace (see [`TraceContext`], also found in the request's extensions) and names
/// the trace in the response header `x-trace-id`.
///
/// The span has neither path nor query nor headers, in which tokens and personal data travel.
pub(crate) async fn trace<F>(mut request: Request, answer: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let context = TraceContext::of(request.headers());
    let trace_id = context.trace_id();
    let span = tracing::info_span!("request", trace_id);
    let target = (request.method().clone(), request.uri().clone());
    request.extensions_mut().insert(context.clone());
    let mut response = CURRENT.scope(context, logged(&target, answer(request))).instrument(span).await;
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

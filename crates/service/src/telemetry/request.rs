//! The trace of one request, and what is logged of it.

use std::time::Instant;

use axum::response::Response;
use http::{HeaderName, HeaderValue, Method, Request, Uri};

use super::trace_context::{CURRENT, TraceContext};

const TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

/// What is told of one request. Neither query nor headers are, in which tokens and personal data travel.
pub(crate) struct RequestTrace {
    context: TraceContext,
    method: Method,
    uri: Uri,
}

impl RequestTrace {
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        let context = TraceContext::of(request.headers());
        Self { context, method: request.method().clone(), uri: request.uri().clone() }
    }

    /// Continues the request's trace (see [`TraceContext::current`]) and names it in the response header `x-trace-id` and
    /// in whatever is logged meanwhile.
    pub(crate) async fn scope(self, answer: impl Future<Output = Response>) -> Response {
        let Self { context, method, uri } = self;
        let trace_id = context.trace_id();
        let mut response = CURRENT.scope(context, logged(&method, &uri, answer)).await;
        if let Ok(trace_id) = HeaderValue::try_from(trace_id) {
            response.headers_mut().insert(TRACE_ID, trace_id);
        }
        response
    }
}

/// The path is told of what failed only: then it is one that is served.
async fn logged(method: &Method, uri: &Uri, answer: impl Future<Output = Response>) -> Response {
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

//! What surrounds every handler. A function around the service, not layers of it: each of those would cost a request the
//! copies of all services inside of it.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::http::header::{CACHE_CONTROL, CONNECTION, HOST, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Method, StatusCode, Uri, Version};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use hyper::Request;
use hyper::body::Incoming;
use serde_json::json;

use super::{Answers, ServeSettings, body};
use crate::shutdown::Shutdown;
use crate::telemetry::RequestTrace;

/// What answers the requests of one connection.
pub(super) struct Handler<S> {
    pub(super) protected: Arc<Protected<S>>,
    pub(super) shutdown: Shutdown,
}

impl<S: Answers> Handler<S> {
    /// What is refused is traced too.
    pub(super) fn answer(self: Arc<Self>, request: Request<Incoming>) -> impl Future<Output = Response> {
        let trace = RequestTrace::of(&request);
        // On the heap at once, for whatever is around it would be larger by all of it.
        trace.scope(Box::pin(self.handle(request)))
    }

    /// Each answer may be the last on its connection.
    async fn handle(self: Arc<Self>, request: Request<Incoming>) -> Response {
        let mut response = self.protected.answer(request).await;
        if self.shutdown.is_requested() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

pub(super) struct Protected<S> {
    service: S,
    limits: body::Limits,
}

impl<S: Answers> Protected<S> {
    pub(super) fn new(service: S, settings: &ServeSettings) -> Self {
        let limits = body::Limits { bytes: settings.max_body_bytes, time: settings.body_read_timeout };
        Self { service, limits }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response {
        if let Some(refusal) = refusal_of_proxy(&request) {
            return refusal;
        }
        let request = match body::read(request, self.limits).await {
            Ok(request) => request,
            Err(unread) => return unread.into_response(),
        };
        let answered = AssertUnwindSafe(self.service.answer(request)).catch_unwind().await;
        answered.unwrap_or_else(|payload| panicked(&*payload))
    }
}

/// An error in the shape that GraphQL clients read, which suits every route of ours.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "errors": [{ "message": message, "extensions": { "code": code } }] });
    let headers = [(CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (status, headers, axum::Json(body)).into_response()
}

fn panicked(payload: &(dyn Any + Send)) -> Response {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text.unwrap_or("(no text)"), "a handler panicked");
    error(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "internal error")
}

/// TRACE echoes headers, CONNECT and absolute-form targets are for proxies, and a target's authority that differs
/// from `Host` is how requests are smuggled past one.
fn refusal_of_proxy<B>(request: &Request<B>) -> Option<Response> {
    let refuse = |status, message| Some(error(status, "BAD_REQUEST", message));
    if matches!(*request.method(), Method::TRACE | Method::CONNECT) {
        return refuse(StatusCode::METHOD_NOT_ALLOWED, "method not allowed");
    }
    if is_absolute(request.uri()) {
        return refuse(StatusCode::BAD_REQUEST, "the request target must be a path");
    }
    if !names_one_host(request) {
        return refuse(StatusCode::BAD_REQUEST, "the request must name one host");
    }
    None
}

/// RFC 9112, section 3.2: whoever stands before this server may have read the other one.
fn names_one_host<B>(request: &Request<B>) -> bool {
    let hosts = request.headers().get_all(HOST).iter().count();
    hosts == 1 || (hosts == 0 && request.version() < Version::HTTP_11)
}

fn is_absolute(uri: &Uri) -> bool {
    uri.scheme().is_some() || uri.authority().is_some()
}

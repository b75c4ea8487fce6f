//! `/health` says that the process lives, `/ready` that it can serve.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde_json::json;

use crate::shutdown::Shutdown;

mod probe;

pub use probe::probe;

/// How long one check may take before it counts as failed; a probe that hangs tells an orchestrator nothing.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

type Check = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// The checks that decide whether this process is ready.
pub struct Health {
    shutdown: Shutdown,
    checks: Vec<(&'static str, Check)>,
}

impl Health {
    /// Of a process, or a part of one, that is ready until `shutdown` is requested: `/ready` then answers 503 with the name
    /// `shutdown`, while `/health` and everything else go on.
    pub fn new(shutdown: Shutdown) -> Self {
        Self { shutdown, checks: Vec::new() }
    }

    /// Adds a check; they run in this order at every probe, and the first that fails decides.
    /// The text of a failure goes to the log, only the name of the check to the client.
    #[must_use]
    pub fn check<F, Fut>(mut self, name: &'static str, probe: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.checks.push((name, Box::new(move || Box::pin(probe()))));
        self
    }

    /// The routes `/health` and `/ready`.
    pub fn router(self) -> Router {
        Router::new()
            .route("/ready", get(ready))
            .with_state(Arc::new(self))
            .route("/health", get(|| async { Json(json!({ "status": "ok" })) }))
    }

    async fn first_failure(&self) -> Option<&'static str> {
        for (name, check) in &self.checks {
            let outcome = tokio::time::timeout(CHECK_TIMEOUT, check()).await;
            let reason = match outcome {
                Ok(Ok(())) => continue,
                Ok(Err(reason)) => reason,
                Err(_) => "timed out".to_owned(),
            };
            tracing::warn!(check = name, reason, "not ready");
            return Some(name);
        }
        None
    }
}

async fn ready(State(health): State<Arc<Health>>) -> Response {
    let failure = if health.shutdown.is_requested() { Some("shutdown") } else { health.first_failure().await };
    match failure {
        None => Json(json!({ "status": "ready" })).into_response(),
        Some(name) => {
            let body = Json(json!({ "status": "unavailable", "failing": name }));
            (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
        }
    }
}

//! Logs to standard error, and one span a request that carries its trace.

use std::io::IsTerminal as _;

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt;
use tracing_subscriber::util::SubscriberInitExt;

mod request;
mod trace_context;

pub(crate) use request::{name_route, trace};
pub use trace_context::{TraceContext, propagate};

/// How this process logs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetrySettings {
    pub format: LogFormat,
    /// Directives of `tracing_subscriber::EnvFilter`, such as `info,sqlx=warn`.
    pub filter: String,
}

/// JSON has one object a line; text is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Json,
    Text,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

/// The filter's directives do not parse.
#[derive(Debug, thiserror::Error)]
#[error("bad setting `telemetry.filter` = {value:?}")]
pub struct TelemetryError {
    value: String,
    source: ParseError,
}

/// Starts logging for the process `name`. Of several calls in one process, the first counts.
///
/// # Errors
/// When `settings.filter` does not parse.
pub fn init(name: &'static str, settings: &TelemetrySettings) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(&settings.filter)
        .map_err(|source| TelemetryError { value: settings.filter.clone(), source })?;
    // The report of a failed write would go to standard error as well, and panic where that is what has failed.
    let logs = fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .log_internal_errors(false);
    let started = match settings.format {
        LogFormat::Json => logs.json().flatten_event(true).with_current_span(false).finish().try_init(),
        LogFormat::Text => logs.finish().try_init(),
    };
    if started.is_ok() {
        tracing::info!(service = name, version = env!("CARGO_PKG_VERSION"), "logging started");
    }
    Ok(())
}

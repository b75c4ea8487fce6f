//! Logs to standard error, the trace of each request, and metrics on an address of their own.

use std::io::IsTerminal as _;
use std::net::SocketAddr;

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder};
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::format::{Format, JsonFields};
use tracing_subscriber::util::SubscriberInitExt;

mod lines;
mod request;
mod trace_context;

use lines::Traced;
pub(crate) use request::RequestTrace;
pub use trace_context::{TraceContext, propagate};

/// How this process logs, and where it shows its metrics.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetrySettings {
    pub format: LogFormat,
    /// Directives of `tracing_subscriber::EnvFilter`, such as `info,sqlx=warn`.
    pub filter: String,
    /// Where `/metrics` answers, in Prometheus' text format; nowhere by default. They are for operators, so this is
    /// another address than the service's.
    pub metrics_listen: Option<SocketAddr>,
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
        Self { format: LogFormat::Text, filter: "info".to_owned(), metrics_listen: None }
    }
}

/// Why there is no telemetry.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter's directives do not parse.
    #[error("bad setting `telemetry.filter` = {value:?}")]
    Filter { value: String, source: ParseError },
    /// The port is taken, or metrics are shown already.
    #[error("bad setting `telemetry.metrics_listen` = {address}")]
    Metrics { address: SocketAddr, source: BuildError },
}

/// Starts logging for the process `name`, and showing its metrics. Of several calls in one process, the first counts.
/// Must be called in a Tokio runtime.
///
/// # Errors
/// When a setting does not work.
pub fn init(name: &'static str, settings: &TelemetrySettings) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(&settings.filter)
        .map_err(|source| TelemetryError::Filter { value: settings.filter.clone(), source })?;
    // The report of a failed write would go to standard error as well, and panic where that is what has failed.
    let logs = fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    let started = match settings.format {
        LogFormat::Json => {
            let format = Format::default().json().flatten_event(true).with_current_span(false);
            logs.fmt_fields(JsonFields::new()).event_format(Traced { format, add: lines::to_json }).finish().try_init()
        }
        LogFormat::Text => {
            let format = Format::default().with_ansi(std::io::stderr().is_terminal());
            logs.event_format(Traced { format, add: lines::to_text }).finish().try_init()
        }
    };
    if started.is_ok() {
        tracing::info!(service = name, version = env!("CARGO_PKG_VERSION"), "logging started");
    }
    if let Some(address) = settings.metrics_listen {
        let exporter = PrometheusBuilder::new().with_http_listener(address);
        exporter.install().map_err(|source| TelemetryError::Metrics { address, source })?;
    }
    Ok(())
}

//! Log lines that name the trace of the request which they are about.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

use super::trace_context::TraceContext;

/// Adds the field `trace_id` to lines of `format` that are written while a request is served.
///
/// A span would do the same, and is paid for by every request; this is by those that have something logged.
pub(super) struct Traced<F> {
    pub(super) format: F,
    /// Writes the field into a whole line.
    pub(super) add: fn(&mut Writer<'_>, line: &str, trace_id: &str) -> fmt::Result,
}

impl<S, N, F> FormatEvent<S, N> for Traced<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Some(trace) = TraceContext::current() else { return self.format.format_event(context, writer, event) };
        let mut line = String::new();
        self.format.format_event(context, Writer::new(&mut line), event)?;
        (self.add)(&mut writer, &line, &trace.trace_id())
    }
}

/// To a line that is a JSON object.
pub(super) fn to_json(writer: &mut Writer<'_>, line: &str, trace_id: &str) -> fmt::Result {
    match line.strip_prefix('{') {
        Some(members) => write!(writer, "{{\"trace_id\":\"{trace_id}\",{members}"),
        None => writer.write_str(line),
    }
}

/// To a line of text, at its end.
pub(super) fn to_text(writer: &mut Writer<'_>, line: &str, trace_id: &str) -> fmt::Result {
    writeln!(writer, "{} trace_id={trace_id}", line.trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use http::HeaderMap;
    use tracing::subscriber::with_default;
    use tracing_subscriber::fmt;
    use tracing_subscriber::fmt::format::{Format, JsonFields};

    use super::*;
    use crate::telemetry::trace_context::CURRENT;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        /// What was logged for a request, and outside of one.
        fn of(self, subscriber: impl Subscriber + Send + Sync) -> (String, [String; 2]) {
            let context = TraceContext::of(&HeaderMap::new());
            let trace_id = context.trace_id();
            with_default(subscriber, || {
                CURRENT.sync_scope(context, || tracing::warn!(stock = 3, "low"));
                tracing::warn!("outside");
            });
            let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            let lines: Vec<_> = text.lines().map(str::to_owned).collect();
            (trace_id, lines.try_into().unwrap())
        }
    }

    #[test]
    fn a_line_of_json_names_the_trace_of_its_request() {
        let (lines, format) = (Lines::default(), Format::default().json().flatten_event(true));
        let traced = Traced { format, add: to_json };
        let written = lines.clone();
        let logs =
            fmt().fmt_fields(JsonFields::new()).event_format(traced).with_writer(move || written.clone()).finish();
        let (trace_id, logged) = lines.of(logs);
        let [of_request, outside] = logged.map(|line| serde_json::from_str::<serde_json::Value>(&line).unwrap());
        assert_eq!((&of_request["trace_id"], &of_request["stock"]), (&trace_id.into(), &3.into()));
        assert_eq!((&outside["trace_id"], &outside["message"]), (&serde_json::Value::Null, &"outside".into()));
    }

    #[test]
    fn a_line_of_text_ends_with_the_trace_of_its_request() {
        let lines = Lines::default();
        let traced = Traced { format: Format::default(), add: to_text };
        let written = lines.clone();
        let (trace_id, logged) = lines.of(fmt().event_format(traced).with_writer(move || written.clone()).finish());
        let [of_request, outside] = logged;
        assert!(of_request.ends_with(&format!("low stock=3 trace_id={trace_id}")), "{of_request}");
        assert!(outside.ends_with("outside"), "{outside}");
    }
}

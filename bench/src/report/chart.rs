use std::fmt::Write as _;

use crate::federation::Row;

/// In pixels, as are the other measures.
const WIDTH: f64 = 720.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 130.0;
const BAR: f64 = 16.0;
const TITLE: f64 = 34.0;

const STYLE: &str = "\
text{font:12px system-ui,sans-serif;fill:#24292f}.t{font-weight:600}.g{fill:#0969da}.p{fill:#8c959f}.f{fill:#d0d7de}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.g{fill:#58a6ff}.p{fill:#6e7681}.f{fill:#30363d}}";

/// CPU time for one request as bars, a group for each workload, each group on a scale of its own: what counts is how the
/// contenders compare. Readable on light and on dark pages.
pub(crate) fn chart(rows: &[Row]) -> String {
    let mut bars = String::new();
    let mut y = 8.0;
    for group in rows.chunk_by(|one, next| one.workload == next.workload) {
        let measured = |row: &Row| row.measured.as_ref().map(|measured| measured.cpu_ms);
        let most = group.iter().filter_map(measured).fold(0.0, f64::max);
        let title = group.first().map_or("", |row| row.workload);
        line(&mut bars, &format!(r#"<text class="t" x="8" y="{:.0}">{}</text>"#, y + 16.0, escaped(title)));
        y += TITLE - 8.0;
        let first = group.first().and_then(measured);
        for (place, row) in group.iter().enumerate() {
            let times = first.zip(measured(row)).filter(|_| place > 0).map(|(first, ms)| ms / first);
            bar(&mut bars, row, y, measured(row).map(|ms| Bar { ms, share: ms / most, times }));
            y += BAR + 4.0;
        }
        y += 8.0;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {y:.0}\" role=\"img\">\n\
         <title>CPU milliseconds for one request</title>\n<style>{STYLE}</style>\n{bars}</svg>\n"
    )
}

struct Bar {
    ms: f64,
    /// Of the longest bar in the group.
    share: f64,
    /// The first bar's; the first has none.
    times: Option<f64>,
}

fn bar(bars: &mut String, row: &Row, y: f64, measured: Option<Bar>) {
    let middle = y + BAR - 4.0;
    line(bars, &format!(r#"<text x="8" y="{middle:.0}">{}</text>"#, escaped(&row.contender)));
    let Some(Bar { ms, share, times }) = measured else {
        return line(bars, &format!(r#"<text x="{LEFT}" y="{middle:.0}">failed</text>"#));
    };
    let class = match (row.contender.as_str(), times) {
        ("floor", _) => "f",
        (_, None) => "g",
        _ => "p",
    };
    let width = ((WIDTH - LEFT - RIGHT) * share).max(1.0);
    line(bars, &format!(r#"<rect class="{class}" x="{LEFT}" y="{y:.0}" width="{width:.1}" height="{BAR}" rx="2"/>"#));
    let times = times.map(|times| format!(" ({times:.2}×)")).unwrap_or_default();
    line(bars, &format!(r#"<text x="{:.1}" y="{middle:.0}">{ms:.3} ms{times}</text>"#, LEFT + width + 6.0));
}

fn line(text: &mut String, element: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{element}");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Measurement;

    fn row(workload: &'static str, contender: &str, cpu_ms: Option<f64>) -> Row {
        let measured = cpu_ms.map(|cpu_ms| Measurement {
            answer_bytes: 1,
            cpu_ms,
            requests_per_second: 1.0,
            p50_ms: 1.0,
            p99_ms: 1.0,
            rss_bytes: 1,
            peak_rss_bytes: 1,
            subgraph_requests: 1.0,
            resolved: None,
        });
        Row { workload, contender: contender.to_owned(), measured, failure: None }
    }

    #[test]
    fn the_longest_bar_of_each_group_is_as_long_as_there_is_room() {
        let rows =
            [row("deep", "gateway", Some(0.2)), row("deep", "peer <2", Some(0.4)), row("flat", "gateway", Some(0.1))];
        let chart = chart(&rows);
        let widths: Vec<_> =
            chart.lines().filter_map(|line| line.split_once(" width=\"")?.1.split('"').next()).collect();
        assert_eq!(widths, ["220.0", "440.0", "440.0"]);
        assert!(chart.contains("peer &lt;2") && chart.contains(">0.400 ms (2.00×)<"), "{chart}");
    }

    #[test]
    fn a_contender_that_failed_has_no_bar() {
        let chart = chart(&[row("deep", "gateway", None)]);
        assert!(!chart.contains("<rect") && chart.contains("failed"), "{chart}");
    }
}

//! What was measured, for people and for programs.

mod chart;
mod docs;
mod machine;
mod table;

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::Outcome;
use crate::cold_start::Start;
use crate::federation::Row;
use crate::load::Load;
use crate::measure::Measurement;
use crate::plans::{OPERATIONS, Plans};

pub(crate) use chart::chart;
pub(crate) use docs::{write_docs, write_section};
pub(crate) use machine::Machine;
pub(crate) use table::Table;

/// Everything of one run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// UTC.
    pub date: String,
    pub machine: Machine,
    /// Of the gateway that was measured.
    pub version: String,
    /// How the workloads were measured, for a reader.
    pub method: Option<String>,
    pub rows: Vec<Row>,
    pub plans: Vec<Plans>,
    pub starts: Vec<Start>,
}

/// All figures as JSON, in a folder that is made where it is missing.
pub(crate) fn save(report: &impl Serialize, file: &Path) -> Outcome {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(file, serde_json::to_string_pretty(report)?)?)
}

/// How a run was made, in a sentence.
pub(crate) fn method(load: Load, rounds: usize) -> String {
    let Load { connections, warm_up, window } = load;
    format!(
        "{connections} connections in a closed loop, {} s after {} s of warm-up, the median of {rounds} by CPU time",
        window.as_secs(),
        warm_up.as_secs()
    )
}

impl Report {
    /// Tables in Markdown that read well as they stand.
    pub(crate) fn to_markdown(&self) -> String {
        let Machine { cpu, cores, system } = &self.machine;
        let mut text = format!("{}, {cores} cores of {cpu}, {system}, {}", self.date, self.version);
        text.push_str(&self.method.as_ref().map(|method| format!("; {method}")).unwrap_or_default());
        text.push_str(".\n");
        for table in [self.federation(), self.planning(), self.starting()].iter().filter(|table| !table.is_empty()) {
            text.push('\n');
            text.push_str(&table.to_markdown());
        }
        text
    }

    /// Why contenders could not be measured, a line for each.
    pub(crate) fn failures(&self) -> String {
        let failed = self.rows.iter().filter_map(|row| Some((row, row.failure.as_ref()?)));
        failed.map(|(row, why)| format!("{}, {}: {why}\n", row.workload, row.contender)).collect()
    }

    fn federation(&self) -> Table {
        let mut table = Table::new(&[
            "workload",
            "contender",
            "CPU ms/request",
            "× gateway",
            "requests/s",
            "p50 ms",
            "p99 ms",
            "RSS MB",
            "peak MB",
            "subgraph requests",
            "answer",
        ]);
        for row in &self.rows {
            let mut cells = vec![row.workload.to_owned(), row.contender.clone()];
            match &row.measured {
                Some(measured) => cells.extend(figures(measured, self.first_cpu(row.workload))),
                None => cells.push("failed".to_owned()),
            }
            table.push(cells);
        }
        table
    }

    /// Of the first contender under this workload, the one that all are compared with.
    fn first_cpu(&self, workload: &str) -> Option<f64> {
        let first = self.rows.iter().find(|row| row.workload == workload)?;
        Some(first.measured.as_ref()?.cpu_ms)
    }

    fn planning(&self) -> Table {
        let title = format!("{OPERATIONS} operations, one after another");
        let mut table = Table::new(&[&title, "contender", "p50 ms", "p99 ms", "slowest ms", "CPU ms/operation"]);
        for plans in &self.plans {
            for (title, pass) in [("never seen before", &plans.cold), ("once more", &plans.warm)] {
                let figures = [pass.p50_ms, pass.p99_ms, pass.max_ms, pass.cpu_ms].map(|ms| format!("{ms:.2}"));
                table.push([title.to_owned(), plans.contender.clone()].into_iter().chain(figures).collect());
            }
        }
        table
    }

    fn starting(&self) -> Table {
        let mut table = Table::new(&["from start to first answer", "best ms", "median ms", "RSS MB"]);
        for start in &self.starts {
            let times = [start.best_ms, start.median_ms].map(|ms| format!("{ms:.1}"));
            let cells = [start.contender.clone()].into_iter().chain(times).chain([megabytes(start.rss_bytes)]);
            table.push(cells.collect());
        }
        table
    }
}

fn figures(measured: &Measurement, reference: Option<f64>) -> Vec<String> {
    let answer = match measured.resolved {
        Some(resolved) => format!("{resolved} resolved"),
        None => format!("{} B", measured.answer_bytes),
    };
    vec![
        format!("{:.3}", measured.cpu_ms),
        reference.map(|reference| format!("{:.2}", measured.cpu_ms / reference)).unwrap_or_default(),
        format!("{:.0}", measured.requests_per_second),
        format!("{:.2}", measured.p50_ms),
        format!("{:.2}", measured.p99_ms),
        megabytes(measured.rss_bytes),
        megabytes(measured.peak_rss_bytes),
        format!("{:.3}", measured.subgraph_requests),
        answer,
    ]
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_saved_where_no_folder_is_yet() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("target/bench.json");
        save(&[1, 2], &file).unwrap();
        assert_eq!(fs::read_to_string(file).unwrap(), "[\n  1,\n  2\n]");
    }

    fn measurement(cpu_ms: f64) -> Measurement {
        Measurement {
            answer_bytes: 87_000,
            cpu_ms,
            requests_per_second: 1234.5,
            p50_ms: 1.0,
            p99_ms: 9.0,
            rss_bytes: 12_340_000,
            peak_rss_bytes: 13_000_000,
            subgraph_requests: 7.0,
            resolved: None,
        }
    }

    #[test]
    fn figures_stand_in_relation_to_the_first_contender_and_failures_are_told_apart() {
        let row =
            |contender: &str, measured| Row { workload: "deep", contender: contender.into(), measured, failure: None };
        let failed = Row { failure: Some("no answer".into()), ..row("broken", None) };
        let rows = vec![row("gateway", Some(measurement(0.4))), row("peer", Some(measurement(0.8))), failed];
        let machine = Machine { cpu: "Z80".into(), cores: 1, system: "Linux".into() };
        let (date, version, method) = ("2026-01-01".into(), "gateway 1".into(), Some("once".into()));
        let report = Report { date, machine, version, method, rows, plans: vec![], starts: vec![] };
        assert_eq!(
            report.to_markdown(),
            "\
2026-01-01, 1 cores of Z80, Linux, gateway 1; once.

| workload | contender | CPU ms/request | × gateway | requests/s | p50 ms | p99 ms | RSS MB | peak MB | subgraph requests |  answer |
| :------- | :-------- | -------------: | --------: | ---------: | -----: | -----: | -----: | ------: | ----------------: | ------: |
| deep     | gateway   |          0.400 |      1.00 |       1234 |   1.00 |   9.00 |   12.3 |    13.0 |             7.000 | 87000 B |
| deep     | peer      |          0.800 |      2.00 |       1234 |   1.00 |   9.00 |   12.3 |    13.0 |             7.000 | 87000 B |
| deep     | broken    |         failed |           |            |        |        |        |         |                   |         |
"
        );
        assert_eq!(report.failures(), "deep, broken: no answer\n");
    }
}

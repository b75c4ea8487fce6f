//! All contenders under all workloads.

use serde::Serialize;
use serde_json::Value;

use crate::contender::Contender;
use crate::load::Load;
use crate::market::Market;
use crate::measure::{Measured, Measurement, measure};
use crate::statistics::median_by;
use crate::workload::Workload;
use crate::{Outcome, tell};

/// A contender under a workload, or why there is nothing to tell.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub workload: &'static str,
    pub contender: String,
    pub measured: Option<Measurement>,
    pub failure: Option<String>,
}

type Rounds = Vec<Outcome<Measured>>;

/// Of several rounds the one in the middle counts, by CPU time. Contenders take turns, so that a noisy minute on this
/// machine is noisy for all; the floor comes last, since it has to know how long the answer is.
pub(crate) async fn compare(
    contenders: &[Contender],
    workload: &'static Workload,
    market: &Market,
    load: Load,
    rounds: usize,
) -> Outcome<Vec<Row>> {
    let mut results: Vec<(Contender, Rounds)> = contenders.iter().map(|one| (one.clone(), Vec::new())).collect();
    for _ in 0..rounds {
        for (contender, measured) in &mut results {
            tell(format_args!("{}: {}", workload.title, contender.name()))?;
            measured.push(measure(contender, workload, market, load).await);
        }
    }
    if let (true, Some(size)) = (workload.with_floor, results.iter().find_map(|(_, rounds)| answer_bytes(rounds))) {
        let floor = Contender::Floor { size };
        let mut measured = Vec::new();
        for _ in 0..rounds {
            tell(format_args!("{}: {}", workload.title, floor.name()))?;
            measured.push(measure(&floor, workload, market, load).await);
        }
        results.push((floor, measured));
    }
    let mut reference = None;
    Ok(results.into_iter().map(|(contender, rounds)| row(workload, &contender, rounds, &mut reference)).collect())
}

fn answer_bytes(rounds: &Rounds) -> Option<usize> {
    rounds.iter().flatten().map(|round| round.measurement.answer_bytes).next()
}

/// The first contender's data are the reference for all after it.
fn row(workload: &'static Workload, contender: &Contender, rounds: Rounds, reference: &mut Option<Value>) -> Row {
    let empty = Row { workload: workload.title, contender: contender.name().to_owned(), measured: None, failure: None };
    let rounds: Vec<Measured> = match rounds.into_iter().collect() {
        Ok(rounds) => rounds,
        Err(error) => return Row { failure: Some(error.to_string()), ..empty },
    };
    let Some(Measured { measurement, data }) = median_by(rounds, |round| round.measurement.cpu_ms) else {
        return empty;
    };
    let comparable = !contender.is_floor() && !workload.partial;
    if comparable && *reference.get_or_insert_with(|| data.clone()) != data {
        return Row { failure: Some("answers otherwise than the first".to_owned()), ..empty };
    }
    Row { measured: Some(measurement), ..empty }
}

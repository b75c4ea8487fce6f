//! All contenders under all workloads.

use std::io::Write as _;

use serde::Serialize;
use serde_json::Value;

use crate::Outcome;
use crate::contender::Contender;
use crate::load::Load;
use crate::market::Market;
use crate::measure::{Measured, Measurement, measure};
use crate::statistics::median_by;
use crate::workload::Workload;

/// A contender under a workload, or why there is nothing to tell.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub workload: &'static str,
    pub contender: String,
    pub measured: Option<Measurement>,
    pub failure: Option<String>,
}

/// Of several rounds the one in the middle counts, by CPU time. Contenders take turns, so that a noisy minute on this
/// machine is noisy for all.
pub(crate) async fn compare(
    contenders: &[Contender],
    workload: &'static Workload,
    market: &Market,
    load: Load,
    rounds: usize,
) -> Outcome<Vec<Row>> {
    let mut contenders = contenders.to_vec();
    let mut rounds_of: Vec<Vec<Outcome<Measured>>> = Vec::new();
    for _ in 0..rounds {
        let mut index = 0;
        while let Some(contender) = contenders.get(index).cloned() {
            writeln!(std::io::stderr(), "{}: {}", workload.title, contender.name())?;
            let measured = measure(&contender, workload, market, load).await;
            if let (Ok(measured), true) = (&measured, workload.with_floor && contenders.iter().all(|c| !c.is_floor())) {
                contenders.push(Contender::Floor { size: measured.measurement.answer_bytes });
            }
            if rounds_of.len() == index {
                rounds_of.push(Vec::new());
            }
            if let Some(rounds) = rounds_of.get_mut(index) {
                rounds.push(measured);
            }
            index += 1;
        }
    }
    let mut reference = None;
    Ok(contenders
        .iter()
        .zip(rounds_of)
        .map(|(contender, rounds)| row(workload, contender, rounds, &mut reference))
        .collect())
}

/// The first contender's data are the reference for all after it.
fn row(
    workload: &'static Workload,
    contender: &Contender,
    rounds: Vec<Outcome<Measured>>,
    reference: &mut Option<Value>,
) -> Row {
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

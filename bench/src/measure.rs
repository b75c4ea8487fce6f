//! One contender under one workload.

use bytes::Bytes;
use hyper::StatusCode;
use serde::Serialize;
use serde_json::Value;

use crate::Outcome;
use crate::connection::Connection;
use crate::contender::{Contender, Running};
use crate::load::Load;
use crate::market::Market;
use crate::statistics::percentile;
use crate::workload::Workload;

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Measurement {
    pub answer_bytes: usize,
    /// Of the contender, for one client request.
    pub cpu_ms: f64,
    pub requests_per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub rss_bytes: u64,
    pub peak_rss_bytes: u64,
    /// For one client request.
    pub subgraph_requests: f64,
    /// Where parts of the answer can be missing: how many of the references that can be resolved were.
    pub resolved: Option<usize>,
}

/// What a contender is held to, and held up to the others with.
pub(crate) struct Measured {
    pub measurement: Measurement,
    /// `data` of its answer; `Null` of the floor.
    pub data: Value,
}

/// Starts the contender anew, so that it owes its memory to this workload.
pub(crate) async fn measure(
    contender: &Contender,
    workload: &'static Workload,
    market: &Market,
    load: Load,
) -> Outcome<Measured> {
    let running = contender.start(&market.supergraph(), workload.sharing).await?;
    market.delay("inventory", workload.delay).await?;
    let measured = on(&running, contender, workload, market, load).await;
    market.delay("inventory", 0).await?;
    running.process.end().await?;
    measured
}

async fn on(
    running: &Running,
    contender: &Contender,
    workload: &'static Workload,
    market: &Market,
    load: Load,
) -> Outcome<Measured> {
    let (status, answer) = Connection::open(running.port).await?.ask(workload.request(0)).await?;
    let data = if contender.is_floor() { Value::Null } else { data(workload, status, &answer)? };
    let before = market.requests().await?;
    let loaded = load.put_on(running, workload, answer.len()).await?;
    let subgraph_requests = market.requests().await? - before;
    let memory = running.process.memory()?;
    let answered = loaded.latencies.len() as f64;
    let milliseconds = |share| percentile(&loaded.latencies, share).as_secs_f64() * 1e3;
    let measurement = Measurement {
        answer_bytes: answer.len(),
        cpu_ms: loaded.cpu.as_secs_f64() * 1e3 / answered,
        requests_per_second: answered / loaded.window.as_secs_f64(),
        p50_ms: milliseconds(0.5),
        p99_ms: milliseconds(0.99),
        rss_bytes: memory.now,
        peak_rss_bytes: memory.peak,
        subgraph_requests: subgraph_requests as f64 / loaded.requests as f64,
        resolved: workload.partial.then(|| resolved(&data)),
    };
    Ok(Measured { measurement, data })
}

/// What was asked for, whole unless the workload forgives.
fn data(workload: &Workload, status: StatusCode, answer: &Bytes) -> Outcome<Value> {
    let mut answer: Value = serde_json::from_slice(answer)?;
    let whole = answer.get("errors").is_none() && answer["data"].is_object();
    if status == StatusCode::OK && (whole || workload.partial) {
        return Ok(answer["data"].take());
    }
    let mut shown = answer.to_string();
    shown.truncate(shown.floor_char_boundary(500));
    Err(format!("answered with status {status}: {shown}").into())
}

/// How many goods have the field that `inventory` gives them.
fn resolved(data: &Value) -> usize {
    let goods = data["goods"].as_array().map(Vec::as_slice).unwrap_or_default();
    goods.iter().filter(|goods| goods["inStock"].is_boolean()).count()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn goods_without_their_stock_are_not_resolved() {
        let goods = json!([{ "upc": "a", "inStock": true }, { "upc": "b", "inStock": null }, null]);
        assert_eq!(resolved(&json!({ "goods": goods })), 1);
        assert_eq!(resolved(&json!({ "goods": null })), 0);
    }
}

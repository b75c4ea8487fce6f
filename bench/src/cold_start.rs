//! How long a contender takes from its start to its first answer.

use serde::Serialize;

use crate::contender::{Contender, Sharing};
use crate::market::Market;
use crate::statistics::percentile;
use crate::{Outcome, tell};

const STARTS: usize = 10;

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Start {
    pub contender: String,
    pub best_ms: f64,
    pub median_ms: f64,
    /// With the first answer, in the last of the starts.
    pub rss_bytes: u64,
}

/// Whoever fails is told of and left out.
pub(crate) async fn measure(contenders: &[Contender], market: &Market) -> Outcome<Vec<Start>> {
    let mut all = Vec::new();
    for contender in contenders {
        tell(format_args!("{STARTS} starts: {}", contender.name()))?;
        match of(contender, market).await {
            Ok(start) => all.push(start),
            Err(error) => tell(format_args!("{} failed: {error}", contender.name()))?,
        }
    }
    Ok(all)
}

async fn of(contender: &Contender, market: &Market) -> Outcome<Start> {
    let mut times = Vec::new();
    let mut rss_bytes = 0;
    for _ in 0..STARTS {
        let running = contender.start(&market.supergraph(), Sharing::SubgraphRequests).await?;
        times.push(running.started_in);
        rss_bytes = running.process.memory()?.now;
        running.process.end().await?;
    }
    times.sort_unstable();
    let milliseconds = |share| percentile(&times, share).as_secs_f64() * 1e3;
    let (best_ms, median_ms) = (milliseconds(0.0), milliseconds(0.5));
    Ok(Start { contender: contender.name().to_owned(), best_ms, median_ms, rss_bytes })
}

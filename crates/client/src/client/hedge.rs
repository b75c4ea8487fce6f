//! A query that takes longer than others do is sent to another replica too, and the first answer counts.
//!
//! After Dean and Barroso, "The Tail at Scale" (2013), who wait for the 95th percentile, so that it costs little.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::call::{Answered, Failed};
use super::{Inner, OperationKind};
use crate::budget::Budget;
use crate::deadline::Deadline;
use crate::latency::Latencies;
use crate::transport::{Failure, Visit};

/// Waiting for less would send twice what is not slow.
const SHORTEST_WAIT: Duration = Duration::from_millis(5);

/// Before so many latencies are known, none is unusual.
const FEWEST_LATENCIES: u32 = 20;

#[derive(Debug)]
pub(super) struct Hedging {
    pub(super) budget: Budget,
    latencies: Mutex<Latencies>,
    /// In microseconds; 0 while too little is known.
    p95: AtomicU64,
}

impl Hedging {
    pub(super) fn new(ratio: f64) -> Self {
        Self { budget: Budget::new(ratio), latencies: Mutex::new(Latencies::new()), p95: AtomicU64::new(0) }
    }

    /// How long a query waits for its answer before it is sent again.
    fn wait(&self) -> Option<Duration> {
        let p95 = self.p95.load(Ordering::Relaxed);
        (p95 > 0).then(|| Duration::from_micros(p95).max(SHORTEST_WAIT))
    }

    fn record(&self, took: Duration) {
        let mut latencies = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        latencies.add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        if latencies.count() >= FEWEST_LATENCIES && latencies.count().is_multiple_of(8) {
            self.p95.store(latencies.p95(), Ordering::Relaxed);
        }
    }
}

impl Inner {
    /// One attempt of a query, or two at once. The one that loses is dropped, and its connection closed with it: that
    /// is held against nobody.
    pub(super) async fn attempt_hedged<'a, A: Answered, F: Future<Output = Result<A, Failure>>>(
        &'a self,
        hedging: &Hedging,
        deadline: Deadline,
        visit: Visit<'a>,
        send: &impl Fn(Visit<'a>) -> F,
    ) -> Result<A, Failed> {
        let (replica, started) = (visit.index, Instant::now());
        let mut first = pin!(async {
            let outcome = self.attempt(OperationKind::Query, deadline, send(visit)).await;
            outcome.inspect(|_| hedging.record(started.elapsed()))
        });
        let Some(wait) = hedging.wait() else { return first.await };
        if let Ok(outcome) = timeout(wait, &mut first).await {
            return outcome;
        }
        let Some(_place) = self.queue.try_place() else { return first.await };
        if !self.may_hedge(hedging) {
            return first.await;
        }
        self.counters.hedges.add();
        let second_started = Instant::now();
        let mut second = pin!(self.attempt(OperationKind::Query, deadline, send(self.transport.visit(Some(replica)))));
        tokio::select! {
            outcome = &mut first => match outcome {
                Ok(answer) => Ok(answer),
                Err(_) => second.await,
            },
            outcome = &mut second => match outcome {
                Ok(answer) => {
                    hedging.record(second_started.elapsed());
                    // It took longer than that.
                    hedging.record(started.elapsed());
                    Ok(answer)
                }
                Err(_) => first.await,
            },
        }
    }

    /// Takes a hedge from its own budget, and from that of the retries: together they stay within the latter.
    fn may_hedge(&self, hedging: &Hedging) -> bool {
        if !self.queries.is_closed() || !hedging.budget.withdraw() {
            return false;
        }
        let granted = self.budget.withdraw();
        if !granted {
            hedging.budget.refund();
        }
        granted
    }
}

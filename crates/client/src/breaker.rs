//! A breaker: stops asking a service that fails or is slow, and finds out when it is well again.
//!
//! It is our own because recloser 1.4 knows no time window and no slow calls, and admits every call while half-open
//! (`call_permitted` in `recloser.rs`). tower-resilience-circuitbreaker 0.13 has both and bounds its probes, but counts
//! a result in whatever state it arrives, so that a late success of an old call helps to close it (`circuit.rs`,
//! `record_success`), and stays open for a fixed time, without jitter, doubling or `Retry-After`.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::stats::BreakerStats;

mod state;
#[cfg(test)]
mod tests;
mod window;

use state::{Change, State};

/// When a breaker opens and closes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerSettings {
    /// How far back calls count.
    #[serde(with = "humantime_serde")]
    pub window: Duration,
    /// With fewer calls in the window, it does not open.
    pub min_calls: u64,
    /// It opens when this share of the calls failed …
    pub failure_rate: f64,
    /// … or this share was slow.
    pub slow_rate: f64,
    #[serde(with = "humantime_serde")]
    pub slow_after: Duration,
    /// How long it stays open the first time, give or take a fifth; doubled each time that it opens again at once.
    #[serde(with = "humantime_serde")]
    pub open_for: Duration,
    #[serde(with = "humantime_serde")]
    pub open_for_at_most: Duration,
    /// Calls that may be under way while it is half-open.
    pub probes: u64,
    /// Successes that close it again.
    pub successes_to_close: u64,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(10),
            min_calls: 20,
            failure_rate: 0.5,
            slow_rate: 0.8,
            slow_after: Duration::from_secs(1),
            open_for: Duration::from_secs(5),
            open_for_at_most: Duration::from_secs(60),
            probes: 3,
            successes_to_close: 3,
        }
    }
}

/// What a breaker does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Admits all.
    Closed,
    /// Admits none.
    Open,
    /// Admits a few, to see how they fare.
    HalfOpen,
}

impl fmt::Display for BreakerState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        })
    }
}

/// Shared by all calls of one kind to one service.
#[derive(Clone, Debug)]
pub(crate) struct Breaker(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// For operators only.
    name: String,
    state: Mutex<State>,
}

impl Breaker {
    pub(crate) fn new(name: String, settings: BreakerSettings) -> Self {
        Self(Arc::new(Inner { name, state: Mutex::new(State::new(settings, Instant::now())) }))
    }

    /// Whether a call would be turned away now; nothing is counted.
    pub(crate) fn rejects(&self) -> bool {
        self.0.state().rejects(Instant::now())
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.state().is_closed()
    }

    /// Admits a call, or not.
    pub(crate) fn admit(&self) -> Option<Permit> {
        let now = Instant::now();
        let (generation, change) = self.0.state().admit(now)?;
        self.0.tell(change);
        Some(Permit { breaker: self.clone(), generation, started: now, settled: false })
    }

    pub(crate) fn stats(&self) -> BreakerStats {
        self.0.state().stats(Instant::now())
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, change: Option<Change>) {
        if let Some(Change { from, to, open_for }) = change {
            let open_for_ms = open_for.map(|duration| duration.as_millis());
            tracing::warn!(breaker = self.name, %from, %to, open_for_ms, "breaker changed state");
            let openness = match to {
                BreakerState::Closed => 0.0,
                BreakerState::HalfOpen => 0.5,
                BreakerState::Open => 1.0,
            };
            metrics::gauge!("mercado_breaker_open", "breaker" => self.name.clone()).set(openness);
        }
    }
}

/// One admitted call. Dropped without a verdict, because the caller lost interest, it counts as nothing.
#[derive(Debug)]
#[must_use]
pub(crate) struct Permit {
    breaker: Breaker,
    generation: u64,
    started: Instant,
    settled: bool,
}

impl Permit {
    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// The service answered; how long it took is judged here.
    pub(crate) fn succeeded(self) {
        let took = self.age();
        self.settle(|state, now, generation| state.succeeded(now, generation, took));
    }

    /// The service failed; with `retry_after`, the breaker stays open for at least that long should it open now.
    pub(crate) fn failed(self, retry_after: Option<Duration>) {
        self.settle(|state, now, generation| state.failed(now, generation, retry_after));
    }

    fn settle(mut self, verdict: impl FnOnce(&mut State, Instant, u64) -> Option<Change>) {
        self.settled = true;
        let change = verdict(&mut self.breaker.0.state(), Instant::now(), self.generation);
        self.breaker.0.tell(change);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.settled {
            self.breaker.0.state().abandoned(self.generation);
        }
    }
}

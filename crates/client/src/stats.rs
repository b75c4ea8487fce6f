//! Counts that tests and metrics read.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::breaker::BreakerState;

/// What a client has done so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Calls asked for by callers.
    pub calls: u64,
    /// Requests sent, retries and hedges included.
    pub attempts: u64,
    /// Attempts after one that failed.
    pub retries: u64,
    /// Attempts beside one that took unusually long.
    pub hedges: u64,
    /// Calls not sent because the breaker was open.
    pub rejected: u64,
    /// Calls not sent because too many were waiting, or would have waited beyond their deadline.
    pub shed: u64,
    pub in_flight: usize,
    /// As many as may be in flight now.
    pub limit: usize,
    pub queued: usize,
    pub queries: BreakerStats,
    pub mutations: BreakerStats,
}

/// One breaker: there is one for queries and one for mutations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakerStats {
    pub state: BreakerState,
    /// Calls in the window.
    pub calls: u64,
    pub failures: u64,
    pub slow: u64,
    /// Calls under way that it has admitted.
    pub permits: u64,
    /// How often it has opened.
    pub opened: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) calls: Counter,
    pub(crate) attempts: Counter,
    pub(crate) retries: Counter,
    pub(crate) hedges: Counter,
    pub(crate) rejected: Counter,
    pub(crate) shed: Counter,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

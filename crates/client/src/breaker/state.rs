//! The states of a breaker, and the arrows between them.

use std::time::Duration;

use tokio::time::Instant;

use super::window::Window;
use super::{BreakerSettings, BreakerState};
use crate::stats::BreakerStats;

#[derive(Debug)]
pub(super) struct State {
    settings: BreakerSettings,
    phase: Phase,
    /// Grows with every change of phase. A result of an earlier generation tells about a service as it was, and is ignored.
    generation: u64,
    /// Calls under way that were admitted in this generation.
    permits: u64,
    /// Times that it opened without having closed since; the exponent of the next wait.
    reopened: u32,
    opened: u64,
}

#[derive(Debug)]
enum Phase {
    Closed(Box<Window>),
    Open { until: Instant },
    HalfOpen { successes: u64 },
}

/// A change worth a line in the log.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) from: BreakerState,
    pub(super) to: BreakerState,
    pub(super) open_for: Option<Duration>,
}

impl State {
    pub(super) fn new(settings: BreakerSettings, now: Instant) -> Self {
        let phase = Phase::Closed(Box::new(Window::new(settings.window, now)));
        Self { settings, phase, generation: 0, permits: 0, reopened: 0, opened: 0 }
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed(_))
    }

    pub(super) fn rejects(&self, now: Instant) -> bool {
        match self.phase {
            Phase::Closed(_) => false,
            Phase::Open { until } => now < until,
            Phase::HalfOpen { .. } => self.permits >= self.settings.probes.max(1),
        }
    }

    /// The generation in which the call was admitted.
    pub(super) fn admit(&mut self, now: Instant) -> Option<(u64, Option<Change>)> {
        if self.rejects(now) {
            return None;
        }
        let change = match self.phase {
            Phase::Open { .. } => Some(self.enter(Phase::HalfOpen { successes: 0 })),
            Phase::Closed(_) | Phase::HalfOpen { .. } => None,
        };
        self.permits += 1;
        Some((self.generation, change))
    }

    pub(super) fn succeeded(&mut self, now: Instant, generation: u64, took: Duration) -> Option<Change> {
        let slow = took > self.settings.slow_after;
        self.settle(generation)?;
        match &mut self.phase {
            Phase::Closed(window) => {
                window.add(now, false, slow);
                self.judge(now, None)
            }
            // A probe that crawls shows that the service is not well yet.
            Phase::HalfOpen { .. } if slow => Some(self.open(now, None)),
            Phase::HalfOpen { successes } => {
                *successes += 1;
                let healed = *successes >= self.settings.successes_to_close;
                healed.then(|| self.close(now))
            }
            Phase::Open { .. } => None,
        }
    }

    pub(super) fn failed(&mut self, now: Instant, generation: u64, retry_after: Option<Duration>) -> Option<Change> {
        self.settle(generation)?;
        match &mut self.phase {
            Phase::Closed(window) => {
                window.add(now, true, false);
                self.judge(now, retry_after)
            }
            Phase::HalfOpen { .. } => Some(self.open(now, retry_after)),
            Phase::Open { .. } => None,
        }
    }

    /// Gives the permit back and counts nothing.
    pub(super) fn abandoned(&mut self, generation: u64) {
        let _ = self.settle(generation);
    }

    /// Gives the permit back; `None` when the call is of an earlier generation, whose permits no longer count.
    fn settle(&mut self, generation: u64) -> Option<()> {
        (generation == self.generation).then(|| self.permits -= 1)
    }

    fn judge(&mut self, now: Instant, retry_after: Option<Duration>) -> Option<Change> {
        let Phase::Closed(window) = &mut self.phase else { return None };
        let counts = window.counts(now);
        let share = |part: u64| part as f64 / counts.calls.max(1) as f64;
        let bad = share(counts.failures) >= self.settings.failure_rate || share(counts.slow) >= self.settings.slow_rate;
        (bad && counts.calls >= self.settings.min_calls).then(|| self.open(now, retry_after))
    }

    fn open(&mut self, now: Instant, retry_after: Option<Duration>) -> Change {
        let most = self.settings.open_for_at_most;
        let doubled = self.settings.open_for.saturating_mul(2u32.saturating_pow(self.reopened.min(16)));
        // Jitter, so that the callers of a service do not all come back in the same instant.
        let jittered = doubled.min(most).mul_f64(rand::random_range(0.8..=1.2));
        let wait = jittered.max(retry_after.unwrap_or_default().min(most));
        self.reopened += 1;
        self.opened += 1;
        Change { open_for: Some(wait), ..self.enter(Phase::Open { until: now + wait }) }
    }

    fn close(&mut self, now: Instant) -> Change {
        self.reopened = 0;
        self.enter(Phase::Closed(Box::new(Window::new(self.settings.window, now))))
    }

    fn enter(&mut self, phase: Phase) -> Change {
        let from = self.name();
        self.phase = phase;
        self.generation += 1;
        self.permits = 0;
        Change { from, to: self.name(), open_for: None }
    }

    fn name(&self) -> BreakerState {
        match self.phase {
            Phase::Closed(_) => BreakerState::Closed,
            Phase::Open { .. } => BreakerState::Open,
            Phase::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    pub(super) fn stats(&mut self, now: Instant) -> BreakerStats {
        let counts = match &mut self.phase {
            Phase::Closed(window) => window.counts(now),
            Phase::Open { .. } | Phase::HalfOpen { .. } => Default::default(),
        };
        BreakerStats {
            state: self.name(),
            calls: counts.calls,
            failures: counts.failures,
            slow: counts.slow,
            permits: self.permits,
            opened: self.opened,
        }
    }
}

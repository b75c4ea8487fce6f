//! The calls of a short time, together.

use std::time::Duration;

use tokio::time::Instant;

/// With fewer, one call would decide.
const FEWEST: u32 = 10;

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(1);

/// What was begun before so long is forgotten.
const STALE: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub(super) struct Average {
    /// That a call took.
    pub(super) seconds: f64,
    /// The most that were under way.
    pub(super) in_flight: f64,
    /// The share that was given up, and would have taken longer.
    pub(super) given_up: f64,
}

#[derive(Debug)]
pub(super) struct Window {
    since: Instant,
    length: Duration,
    count: u32,
    given_up: u32,
    sum: Duration,
    in_flight: usize,
}

impl Window {
    pub(super) fn new(now: Instant) -> Self {
        Self::starting(now, SHORTEST)
    }

    fn starting(since: Instant, length: Duration) -> Self {
        Self { since, length, count: 0, given_up: 0, sum: Duration::ZERO, in_flight: 0 }
    }

    /// Adds a call; returns the average if the window ends with it.
    pub(super) fn add(&mut self, now: Instant, took: Duration, answered: bool, in_flight: usize) -> Option<Average> {
        if now.saturating_duration_since(self.since) > STALE {
            *self = Self::starting(now, self.length);
        }
        self.count += 1;
        self.given_up += u32::from(!answered);
        self.sum += took;
        self.in_flight = self.in_flight.max(in_flight);
        if self.count < FEWEST || now.saturating_duration_since(self.since) < self.length {
            return None;
        }
        let mean = self.sum / self.count;
        let average = Average {
            seconds: mean.as_secs_f64(),
            in_flight: self.in_flight as f64,
            given_up: f64::from(self.given_up) / f64::from(self.count),
        };
        // Long enough that the calls of the next one have begun after what this one changes.
        *self = Self::starting(now, (mean * 2).clamp(SHORTEST, LONGEST));
        Some(average)
    }
}

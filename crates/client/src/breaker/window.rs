//! Counts of the last seconds.

use std::time::Duration;

use tokio::time::Instant;

const BUCKETS: usize = 10;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) calls: u64,
    pub(super) failures: u64,
    pub(super) slow: u64,
}

/// A ring of buckets; what is older than all of them is forgotten bucket by bucket.
#[derive(Debug)]
pub(super) struct Window {
    width: Duration,
    buckets: [Counts; BUCKETS],
    current: usize,
    /// When the current bucket began.
    since: Instant,
}

impl Window {
    pub(super) fn new(length: Duration, now: Instant) -> Self {
        let width = (length / 10).max(Duration::from_millis(1));
        Self { width, buckets: [Counts::default(); BUCKETS], current: 0, since: now }
    }

    pub(super) fn add(&mut self, now: Instant, failed: bool, slow: bool) {
        self.advance(now);
        let bucket = &mut self.buckets[self.current];
        bucket.calls += 1;
        bucket.failures += u64::from(failed);
        bucket.slow += u64::from(slow);
    }

    pub(super) fn counts(&mut self, now: Instant) -> Counts {
        self.advance(now);
        self.buckets.iter().fold(Counts::default(), |sum, bucket| Counts {
            calls: sum.calls + bucket.calls,
            failures: sum.failures + bucket.failures,
            slow: sum.slow + bucket.slow,
        })
    }

    fn advance(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.since);
        let steps = u32::try_from(elapsed.as_nanos() / self.width.as_nanos()).unwrap_or(u32::MAX);
        for _ in 0..steps.min(BUCKETS as u32) {
            self.current = (self.current + 1) % BUCKETS;
            self.buckets[self.current] = Counts::default();
        }
        match self.width.checked_mul(steps) {
            Some(passed) => self.since += passed,
            None => self.since = now,
        }
    }
}

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// How long calls to one subgraph take, recent ones weighing more.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Microseconds; zero before the first call.
    average: AtomicU64,
}

impl Pace {
    /// Of two that end at once one may be lost, which does not matter to an average.
    pub(super) fn took(&self, time: Duration) {
        let time = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
        let average = match self.average.load(Ordering::Relaxed) {
            0 => time,
            average => average - average / 8 + time / 8,
        };
        self.average.store(average.max(1), Ordering::Relaxed);
    }

    pub(super) fn expected(&self) -> Option<Duration> {
        match self.average.load(Ordering::Relaxed) {
            0 => None,
            average => Some(Duration::from_micros(average)),
        }
    }
}

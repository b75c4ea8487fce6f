//! The addresses of one service, and which of them gets the next call.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Url;
use tokio::time::Instant;

use super::failure::Failure;
use super::pool::Pool;
use crate::error::BuildError;
use crate::settings::ClientSettings;

/// For how long a replica that failed is passed over, doubled each time that it fails again. One that refuses
/// connections would else get most of the calls, because it never has many under way.
const REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_secs(32);

/// One address of the service.
#[derive(Debug)]
pub(super) struct Replica {
    pub(super) url: Url,
    pub(super) pool: Option<Pool>,
    in_flight: AtomicUsize,
    rest: Mutex<Rest>,
}

#[derive(Debug, Default)]
struct Rest {
    until: Option<Instant>,
    /// Failures since the last answer, of which those during a rest are none.
    failures: u32,
}

impl Replica {
    fn new(url: &str, settings: &ClientSettings) -> Result<Self, BuildError> {
        let parsed = Url::parse(url).ok().filter(|parsed| matches!(parsed.scheme(), "http" | "https"));
        let url = parsed.ok_or_else(|| BuildError::Url(url.to_owned()))?;
        let pool = Pool::new(&url, settings);
        Ok(Self { url, pool, in_flight: AtomicUsize::new(0), rest: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self) {
        let (now, mut rest) = (Instant::now(), self.lock());
        if rest.until.is_none_or(|until| until <= now) {
            rest.until = Some(now + (REST * 2u32.saturating_pow(rest.failures)).min(LONGEST_REST));
            rest.failures = (rest.failures + 1).min(16);
        }
    }

    fn answered(&self) {
        self.lock().failures = 0;
    }

    fn rests(&self, now: Instant) -> bool {
        self.lock().until.is_some_and(|until| now < until)
    }
}

#[derive(Debug)]
pub(super) struct Replicas {
    /// At least one.
    all: Vec<Replica>,
    /// What a replica must have had before it has failed for not answering.
    patience: Duration,
}

impl Replicas {
    pub(super) fn new(url: &str, settings: &ClientSettings) -> Result<Self, BuildError> {
        let urls = std::iter::once(url).chain(settings.urls.iter().map(String::as_str));
        let all = urls.map(|url| Replica::new(url, settings)).collect::<Result<_, _>>()?;
        Ok(Self { all, patience: settings.patience() })
    }

    pub(super) fn first(&self) -> &Replica {
        &self.all[0]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Replica> {
        self.all.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Where the next attempt goes: to the less busy of two that are taken at random, which evens out nearly as well as
    /// looking at all does, and without all callers running to the same one (Mitzenmacher, "The Power of Two Choices").
    /// Passed over are replicas that rest and, before all, `but`, for as long as there are others.
    pub(super) fn visit(&self, but: Option<usize>) -> Visit<'_> {
        if self.all.len() == 1 {
            return self.start(0);
        }
        let now = Instant::now();
        let others = || (0..self.all.len()).filter(|index| Some(*index) != but);
        let awake = self.quieter(|| others().filter(|index| !self.all[*index].rests(now)));
        let index = awake.or_else(|| self.quieter(others)).unwrap_or_default();
        self.start(index)
    }

    fn start(&self, index: usize) -> Visit<'_> {
        let replica = &self.all[index];
        replica.in_flight.fetch_add(1, Ordering::Relaxed);
        Visit { replica, index, started: Instant::now(), patience: self.patience, settled: false }
    }

    /// The less busy of two of the `candidates`.
    fn quieter<I: Iterator<Item = usize>>(&self, candidates: impl Fn() -> I) -> Option<usize> {
        let count = candidates().count();
        if count == 0 {
            return None;
        }
        let one = rand::random_range(0..count);
        let other = (one + rand::random_range(0..count.saturating_sub(1).max(1)) + 1) % count;
        let picked = |nth| candidates().nth(nth);
        [picked(one)?, picked(other)?]
            .into_iter()
            .min_by_key(|index| self.all[*index].in_flight.load(Ordering::Relaxed))
    }
}

/// An attempt at one replica, which counts as under way there for as long as this lives.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    pub(super) replica: &'a Replica,
    /// Which of the replicas it is.
    pub(crate) index: usize,
    started: Instant,
    patience: Duration,
    settled: bool,
}

impl Visit<'_> {
    /// Ends it, and lets the replica rest if that could not answer.
    pub(super) fn settle<T>(mut self, outcome: &Result<T, Failure>) {
        self.settled = true;
        match outcome {
            Err(Failure::Unavailable { reason, .. }) if reason.is_passing() => self.replica.failed(),
            _ => self.replica.answered(),
        }
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.replica.in_flight.fetch_sub(1, Ordering::Relaxed);
        // Dropped without an outcome, which says something only after so long.
        if !self.settled && self.started.elapsed() >= self.patience {
            self.replica.failed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replicas(count: usize) -> Replicas {
        let urls = (1..count).map(|index| format!("http://127.0.0.1:{index}/")).collect();
        Replicas::new("http://127.0.0.1:9/", &ClientSettings { urls, ..ClientSettings::default() }).unwrap()
    }

    #[tokio::test]
    async fn calls_under_way_are_spread_evenly() {
        let replicas = replicas(4);
        let visits: Vec<_> = (0..400).map(|_| replicas.visit(None)).collect();
        for replica in replicas.iter() {
            let busy = replica.in_flight.load(Ordering::Relaxed);
            assert!((90..=110).contains(&busy), "{busy} of 400");
        }
        drop(visits);
        assert!(replicas.iter().all(|replica| replica.in_flight.load(Ordering::Relaxed) == 0));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_rests_is_passed_over_while_there_are_others() {
        let replicas = replicas(3);
        replicas.all[1].failed();
        let visited = |but| (0..200).map(|_| replicas.visit(but).index).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(visited(None), [0, 2].into());
        assert_eq!(visited(Some(0)), [2].into());
        replicas.all[2].failed();
        assert_eq!(visited(Some(0)), [1, 2].into());
        tokio::time::advance(REST).await;
        assert_eq!(visited(None), [0, 1, 2].into());
    }

    #[tokio::test(start_paused = true)]
    async fn it_rests_for_longer_each_time_until_it_answers() {
        let replicas = replicas(2);
        let replica = &replicas.all[0];
        for seconds in [1, 2, 4, 8, 16, 32, 32, 32] {
            // Those that fail together count once.
            (0..10).for_each(|_| replica.failed());
            tokio::time::advance(Duration::from_millis(seconds * 1_000 - 1)).await;
            assert!(replica.rests(Instant::now()), "for {seconds} s");
            tokio::time::advance(Duration::from_millis(1)).await;
            assert!(!replica.rests(Instant::now()), "for {seconds} s");
        }
        replica.answered();
        replica.failed();
        tokio::time::advance(REST).await;
        assert!(!replica.rests(Instant::now()));
    }
}

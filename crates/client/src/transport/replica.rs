//! The addresses of one service, and which of them gets the next call.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::Url;
use tokio::time::Instant;

use super::failure::Failure;
use super::pool::Pool;
use crate::error::BuildError;
use crate::settings::ClientSettings;

/// For how long a replica that failed is passed over. One that refuses connections would else get most of the calls,
/// because it never has many under way.
const REST: Duration = Duration::from_secs(1);

/// One address of the service.
#[derive(Debug)]
pub(super) struct Replica {
    pub(super) url: Url,
    pub(super) pool: Option<Pool>,
    in_flight: AtomicUsize,
    rests_until: Mutex<Option<Instant>>,
}

impl Replica {
    fn new(url: &str, settings: &ClientSettings) -> Result<Self, BuildError> {
        let parsed = Url::parse(url).ok().filter(|parsed| matches!(parsed.scheme(), "http" | "https"));
        let url = parsed.ok_or_else(|| BuildError::Url(url.to_owned()))?;
        let pool = Pool::new(&url, settings);
        Ok(Self { url, pool, in_flight: AtomicUsize::new(0), rests_until: Mutex::default() })
    }

    fn rest(&self) {
        *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + REST);
    }

    fn rests(&self, now: Instant) -> bool {
        self.rests_until.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| now < until)
    }
}

/// At least one.
#[derive(Debug)]
pub(super) struct Replicas(Vec<Replica>);

impl Replicas {
    pub(super) fn new(url: &str, settings: &ClientSettings) -> Result<Self, BuildError> {
        let urls = std::iter::once(url).chain(settings.urls.iter().map(String::as_str));
        urls.map(|url| Replica::new(url, settings)).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn first(&self) -> &Replica {
        &self.0[0]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Replica> {
        self.0.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Where the next attempt goes: to the less busy of two that are taken at random, which evens out nearly as well as
    /// looking at all does, and without all callers running to the same one (Mitzenmacher, "The Power of Two Choices").
    /// Passed over are replicas that rest and, before all, `but`, for as long as there are others.
    pub(super) fn visit(&self, but: Option<usize>) -> Visit<'_> {
        if self.0.len() == 1 {
            return Visit::start(&self.0[0], 0);
        }
        let now = Instant::now();
        let others = || (0..self.0.len()).filter(|index| Some(*index) != but);
        let awake = self.quieter(|| others().filter(|index| !self.0[*index].rests(now)));
        let index = awake.or_else(|| self.quieter(others)).unwrap_or_default();
        Visit::start(&self.0[index], index)
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
        [picked(one)?, picked(other)?].into_iter().min_by_key(|index| self.0[*index].in_flight.load(Ordering::Relaxed))
    }
}

/// An attempt at one replica, which counts as under way there for as long as this lives.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    pub(super) replica: &'a Replica,
    /// Which of the replicas it is.
    pub(crate) index: usize,
}

impl<'a> Visit<'a> {
    fn start(replica: &'a Replica, index: usize) -> Self {
        replica.in_flight.fetch_add(1, Ordering::Relaxed);
        Self { replica, index }
    }

    /// Lets the replica rest if it could not answer.
    pub(super) fn judge(&self, failure: &Failure) {
        if let Failure::Unavailable { reason, .. } = failure
            && reason.is_passing()
        {
            self.replica.rest();
        }
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.replica.in_flight.fetch_sub(1, Ordering::Relaxed);
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
        replicas.0[1].rest();
        let visited = |but| (0..200).map(|_| replicas.visit(but).index).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(visited(None), [0, 2].into());
        assert_eq!(visited(Some(0)), [2].into());
        replicas.0[2].rest();
        assert_eq!(visited(Some(0)), [1, 2].into());
        tokio::time::advance(REST).await;
        assert_eq!(visited(None), [0, 1, 2].into());
    }
}

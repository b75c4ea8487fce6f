//! A bound on the calls under way to one service, and on those that wait.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use crate::deadline::Deadline;
use crate::limit::{Limit, Verdict};
use crate::settings::ClientSettings;

#[derive(Debug)]
pub(crate) struct Queue {
    places: Semaphore,
    /// Places that there are, free and taken; more than are allowed while calls of a higher limit are under way.
    existing: AtomicUsize,
    allowed: AtomicUsize,
    /// Where the number of places adapts to the service.
    limit: Option<Mutex<Limit>>,
    /// In microseconds, how long calls take now; 0 while unknown.
    latency: AtomicU64,
    waiting: AtomicUsize,
    max_waiting: usize,
}

/// Why there was no place.
#[derive(Debug)]
pub(crate) enum NoPlace {
    /// Too many wait already, for the queue or for the deadline.
    Full,
    /// None became free in time.
    TooLate,
}

/// A place, which is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    queue: &'a Queue,
    permit: Option<SemaphorePermit<'a>>,
}

impl Queue {
    pub(crate) fn new(settings: &ClientSettings) -> Self {
        let most = settings.max_in_flight.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            places: Semaphore::new(most),
            existing: AtomicUsize::new(most),
            allowed: AtomicUsize::new(most),
            limit: settings.adaptive_limit.then(|| Mutex::new(Limit::new(most, Instant::now()))),
            latency: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            max_waiting: settings.max_queued,
        }
    }

    /// A place, after a wait for one if need be.
    pub(crate) async fn place(&self, deadline: Deadline) -> Result<Place<'_>, NoPlace> {
        if let Some(place) = self.try_place() {
            return Ok(place);
        }
        let _waiting = Waiting::start(&self.waiting, self.max_waiting).ok_or(NoPlace::Full)?;
        // Half, for it is an estimate, and a queue that is as long as deadlines allow answers everybody too late.
        if self.time_to_answer() > deadline.remaining() / 2 {
            return Err(NoPlace::Full);
        }
        match timeout_at(deadline.at(), self.places.acquire()).await {
            Ok(Ok(permit)) => Ok(Place { queue: self, permit: Some(permit) }),
            Ok(Err(_)) | Err(_) => Err(NoPlace::TooLate),
        }
    }

    /// A place, if there is one without waiting.
    pub(crate) fn try_place(&self) -> Option<Place<'_>> {
        let permit = self.places.try_acquire().ok()?;
        Some(Place { queue: self, permit: Some(permit) })
    }

    /// How long a call that has begun to wait will have taken when it is answered, as things are going.
    fn time_to_answer(&self) -> Duration {
        let latency = Duration::from_micros(self.latency.load(Ordering::Relaxed));
        let turns = self.waiting() as f64 / self.allowed().max(1) as f64;
        latency.mul_f64(turns + 1.0)
    }

    /// Learns from a call that the service answered, or did not answer until it was given up.
    pub(crate) fn observe(&self, took: Duration, answered: bool) {
        let Some(limit) = &self.limit else { return };
        let mut limit = limit.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = limit.observe(Instant::now(), took, answered, self.in_flight());
        // Still within the lock, so that of two verdicts the later one holds.
        if let Some(Verdict { limit, latency }) = verdict {
            self.latency.store(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
            self.allow(limit);
        }
    }

    fn allow(&self, allowed: usize) {
        self.allowed.store(allowed, Ordering::Relaxed);
        let existing = self.existing.swap(allowed, Ordering::Relaxed);
        if allowed > existing {
            self.places.add_permits(allowed - existing);
        } else {
            // Those that are taken go when they are given back.
            let taken = existing - allowed - self.places.forget_permits(existing - allowed);
            self.existing.fetch_add(taken, Ordering::Relaxed);
        }
    }

    /// Whether a place that is given back is one too many, and then counts it out.
    fn is_in_excess(&self) -> bool {
        let allowed = self.allowed();
        let one_less = |existing| (existing > allowed).then(|| existing - 1);
        self.existing.try_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok()
    }

    /// Places that there should be.
    pub(crate) fn allowed(&self) -> usize {
        self.allowed.load(Ordering::Relaxed)
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.existing.load(Ordering::Relaxed).saturating_sub(self.places.available_permits())
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take()
            && self.queue.is_in_excess()
        {
            permit.forget();
        }
    }
}

/// Counts a waiter for as long as it lives, so that one whose future is dropped does not count for ever.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn start(waiting: &'a AtomicUsize, most: usize) -> Option<Self> {
        waiting
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |count| (count < most).then_some(count + 1))
            .ok()
            .map(|_| Self(waiting))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

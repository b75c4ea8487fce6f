//! A bound on the calls under way to one service, and on those that wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

use crate::deadline::Deadline;

#[derive(Debug)]
pub(crate) struct Queue {
    places: Arc<Semaphore>,
    capacity: usize,
    waiting: AtomicUsize,
    max_waiting: usize,
}

/// Why there was no place.
#[derive(Debug)]
pub(crate) enum NoPlace {
    /// Too many wait already.
    Full,
    /// None became free in time.
    TooLate,
}

impl Queue {
    pub(crate) fn new(capacity: usize, max_waiting: usize) -> Self {
        let capacity = capacity.clamp(1, Semaphore::MAX_PERMITS);
        Self { places: Arc::new(Semaphore::new(capacity)), capacity, waiting: AtomicUsize::new(0), max_waiting }
    }

    /// A place, which is free again when it is dropped.
    pub(crate) async fn place(&self, deadline: Deadline) -> Result<OwnedSemaphorePermit, NoPlace> {
        if let Some(place) = self.try_place() {
            return Ok(place);
        }
        let _waiting = Waiting::start(&self.waiting, self.max_waiting).ok_or(NoPlace::Full)?;
        match timeout_at(deadline.at(), Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(NoPlace::TooLate),
        }
    }

    /// A place, if there is one without waiting.
    pub(crate) fn try_place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.capacity - self.places.available_permits()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
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

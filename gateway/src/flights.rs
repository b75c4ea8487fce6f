//! Work that several callers want at the same time, done once.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ahash::RandomState;
use client::Deadline;
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use tokio::sync::oneshot;

/// What is under way, by whole keys: that two of them are equal is never concluded from a hash.
///
/// Work that is begun here is a task of its own, so that it goes on when the caller who began it hangs up; work that a caller
/// [leads](Turn::Lead) ends with that caller. What it comes to is for all who waited, an error too: else they would try one
/// after the other.
pub(crate) struct Flights<K, V>(Arc<Mutex<HashMap<K, Flight<V>, RandomState>>>);

/// Ends with `None` where the work panicked, or who led it gave up.
pub(crate) type Flying<V> = Shared<BoxFuture<'static, Option<V>>>;

struct Flight<V> {
    value: Flying<V>,
    deadline: Deadline,
}

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Hash + Eq + Clone + Send + 'static, V: Clone + Send + Sync + 'static> Flights<K, V> {
    /// What is under way for `key`, or else `work`, which is then under way until `deadline` at the latest.
    ///
    /// A caller who has more than twice as long does not join: it would be told of a timeout that is not its own.
    pub(crate) fn join_or_begin<F>(&self, key: K, deadline: Deadline, work: impl FnOnce() -> F) -> Flying<V>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let mut flights = self.lock();
        match flights.get(&key) {
            Some(flight) if flight.suits(deadline) => return flight.value.clone(),
            Some(_) => return begin(work()),
            None => {}
        }
        let landing = Landing { flights: self.0.clone(), key: key.clone() };
        let work = work();
        let value = begin(async move {
            let _landing = landing;
            work.await
        });
        flights.insert(key, Flight { value: value.clone(), deadline });
        value
    }

    /// What is under way for `key`, as above, but only what has no later deadline than the caller's own, and so needs no timer
    /// to be left.
    pub(crate) fn join(&self, key: &K, deadline: Deadline) -> Option<Flying<V>> {
        let flights = self.lock();
        let flight = flights.get(key).filter(|flight| flight.suits(deadline) && flight.deadline <= deadline)?;
        Some(flight.value.clone())
    }

    /// Joins what is under way for `key`, as above, or else takes it upon the caller.
    pub(crate) fn turn(&self, key: K, deadline: Deadline) -> Turn<K, V> {
        let mut flights = self.lock();
        match flights.get(&key) {
            Some(flight) if flight.suits(deadline) => return Turn::Follow(flight.value.clone()),
            Some(_) => return Turn::Alone,
            None => {}
        }
        let (sender, receiver) = oneshot::channel();
        let value = receiver.map(Result::ok).boxed().shared();
        flights.insert(key.clone(), Flight { value, deadline });
        Turn::Lead(Lead { sender, _landing: Landing { flights: self.0.clone(), key } })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Flight<V>, RandomState>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn begin<V: Clone + Send + Sync + 'static>(work: impl Future<Output = V> + Send + 'static) -> Flying<V> {
    tokio::spawn(work).map(Result::ok).boxed().shared()
}

impl<V> Flight<V> {
    fn suits(&self, deadline: Deadline) -> bool {
        self.deadline.remaining() * 2 >= deadline.remaining()
    }
}

/// Whose turn it is to do some work.
pub(crate) enum Turn<K: Hash + Eq, V> {
    /// The caller's, for all who follow.
    Lead(Lead<K, V>),
    /// Another's.
    Follow(Flying<V>),
    /// The caller's, for itself: who leads has not time enough.
    Alone,
}

/// When it is dropped without an end, those who follow are told.
pub(crate) struct Lead<K: Hash + Eq, V> {
    sender: oneshot::Sender<V>,
    _landing: Landing<K, V>,
}

impl<K: Hash + Eq, V> Lead<K, V> {
    pub(crate) fn end(self, value: V) {
        // Nobody may be following.
        let _ = self.sender.send(value);
    }
}

/// Takes the work off the list when it ends, however it ends.
struct Landing<K: Hash + Eq, V> {
    flights: Arc<Mutex<HashMap<K, Flight<V>, RandomState>>>,
    key: K,
}

impl<K: Hash + Eq, V> Drop for Landing<K, V> {
    fn drop(&mut self) {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_panic_ends_the_wait_of_all_and_is_forgotten() {
        let flights = Flights::<u8, u8>::default();
        let deadline = Deadline::after(Duration::from_secs(5));
        let first = flights.join_or_begin(1, deadline, || async { panic!("on purpose") });
        let second = flights.join_or_begin(1, deadline, || async { 2 });
        assert_eq!(futures_util::join!(first, second), (None, None));
        assert_eq!(flights.join_or_begin(1, deadline, || async { 3 }).await, Some(3));
        assert!(flights.lock().is_empty());
    }

    #[tokio::test]
    async fn work_goes_on_when_nobody_waits_for_it_any_more() {
        let flights = Flights::<u8, u8>::default();
        let deadline = Deadline::after(Duration::from_secs(5));
        let (done, ended) = oneshot::channel();
        drop(flights.join_or_begin(1, deadline, || async {
            tokio::task::yield_now().await;
            done.send(()).map_or(0, |()| 1)
        }));
        assert_eq!(ended.await, Ok(()));
    }
}

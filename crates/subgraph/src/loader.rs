//! A DataLoader: what many fields of a request need, and requests that run at once, in one call of a [`Loader`].
//!
//! async-graphql's own collects keys for a millisecond, and looks them up in a task of its own. This one collects until the
//! runtime has polled whatever was ready and nobody has come with another key, and looks up in the task of one of those who
//! ask. So nobody waits for a timer, and the load wakes no other thread.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::http::Extensions;
use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use tokio::task::yield_now;

use crate::Result;

/// The most keys that a loader is given at once.
const MAX_KEYS: usize = 1_000;

/// Looks values up by keys, all in one statement.
pub trait Loader<K: Key>: Send + Sync + 'static {
    type Value: Clone + Send + Sync + 'static;

    /// The values that there are. No key comes twice, and at most 1,000 come.
    fn load(&self, keys: &[K]) -> impl Future<Output = Result<HashMap<K, Self::Value>>> + Send;
}

/// What values can be looked up by.
pub trait Key: Clone + Eq + Hash + Send + Sync + 'static {}

impl<K: Clone + Eq + Hash + Send + Sync + 'static> Key for K {}

/// Collects keys for the loader `T`, those of each type by themselves. Nothing is cached: values are as new as the
/// request that asks for them.
pub struct DataLoader<T>(Arc<Inner<T>>);

struct Inner<T> {
    loader: T,
    /// A [`Batch`] for each type of keys.
    open: Mutex<Extensions>,
}

/// Keys that are not looked up yet, and what will be found.
#[derive(Clone)]
struct Batch<K, V> {
    keys: HashSet<K>,
    found: Found<K, V>,
}

type Found<K, V> = Shared<BoxFuture<'static, Result<Arc<HashMap<K, V>>>>>;

impl<T: Send + Sync + 'static> DataLoader<T> {
    pub fn new(loader: T) -> Self {
        Self(Arc::new(Inner { loader, open: Mutex::default() }))
    }

    pub async fn load_one<K: Key>(&self, key: K) -> Result<Option<T::Value>>
    where
        T: Loader<K>,
    {
        let found = self.load([key.clone()]).await?;
        Ok(found.get(&key).cloned())
    }

    pub async fn load_many<K: Key>(&self, keys: impl IntoIterator<Item = K>) -> Result<HashMap<K, T::Value>>
    where
        T: Loader<K>,
    {
        let keys: Vec<K> = keys.into_iter().collect();
        let found = self.load(keys.iter().cloned()).await?;
        let values = keys.into_iter().filter_map(|key| {
            let value = found.get(&key)?.clone();
            Some((key, value))
        });
        Ok(values.collect())
    }

    async fn load<K: Key>(&self, keys: impl IntoIterator<Item = K>) -> Result<Arc<HashMap<K, T::Value>>>
    where
        T: Loader<K>,
    {
        let found = {
            let mut open = self.0.open();
            let batch: &mut Batch<K, T::Value> = open.get_or_insert_with(|| Batch::of(self.0.clone()));
            batch.keys.extend(keys);
            batch.found.clone()
        };
        found.await
    }
}

impl<K: Key, V: Clone + Send + Sync + 'static> Batch<K, V> {
    fn of<T: Loader<K, Value = V>>(inner: Arc<Inner<T>>) -> Self {
        let found = async move {
            let count = || inner.open().get::<Self>().map_or(0, |batch| batch.keys.len());
            let mut before = 0;
            while before != count() {
                before = count();
                // By itself it would end as soon as anybody who asks is polled. The other task ends once all that is ready
                // has been polled; only with the runtime it fails.
                let _ = tokio::spawn(yield_now()).await;
            }
            let batch = inner.open().remove::<Self>();
            let keys: Vec<K> = batch.into_iter().flat_map(|batch| batch.keys).collect();
            let mut found = HashMap::with_capacity(keys.len());
            for keys in keys.chunks(MAX_KEYS) {
                found.extend(inner.loader.load(keys).await?);
            }
            Ok(Arc::new(found))
        };
        Self { keys: HashSet::new(), found: found.boxed().shared() }
    }
}

impl<T> Inner<T> {
    fn open(&self) -> MutexGuard<'_, Extensions> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::future::join_all;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::Error;

    /// Doubles even numbers, knows no odd ones, and fails for those above a million.
    struct Doubles {
        loads: Mutex<Vec<usize>>,
        /// One is taken by each load, before it ends.
        permits: Semaphore,
    }

    impl Loader<u32> for Doubles {
        type Value = u32;

        async fn load(&self, keys: &[u32]) -> Result<HashMap<u32, u32>> {
            self.loads.lock().unwrap().push(keys.len());
            self.permits.acquire().await.unwrap().forget();
            if keys.iter().any(|key| *key > 1_000_000) {
                return Err(Error::bad_input("too large"));
            }
            Ok(keys.iter().filter(|key| *key % 2 == 0).map(|key| (*key, 2 * key)).collect())
        }
    }

    impl Loader<String> for Doubles {
        type Value = String;

        async fn load(&self, keys: &[String]) -> Result<HashMap<String, String>> {
            Ok(keys.iter().map(|key| (key.clone(), key.repeat(2))).collect())
        }
    }

    fn doubles(permits: usize) -> DataLoader<Doubles> {
        DataLoader::new(Doubles { loads: Mutex::default(), permits: Semaphore::new(permits) })
    }

    fn loads(loader: &DataLoader<Doubles>) -> Vec<usize> {
        loader.0.loader.loads.lock().unwrap().clone()
    }

    #[tokio::test]
    async fn what_is_asked_at_once_is_one_load_and_each_gets_its_own() {
        let loader = doubles(2);
        let (ones, many, text) = tokio::join!(
            join_all((0..100).map(|key| loader.load_one(key))),
            loader.load_many([4, 4, 5, 200]),
            loader.load_one("a".to_owned()),
        );
        let ones: Vec<_> = ones.into_iter().map(Result::unwrap).collect();
        assert_eq!((ones[3], ones[98]), (None, Some(196)));
        assert_eq!(many.unwrap(), HashMap::from([(4, 8), (200, 400)]));
        assert_eq!(text.unwrap().as_deref(), Some("aa"));
        assert_eq!(loads(&loader), [101]);
        loader.load_one(4).await.unwrap();
        assert_eq!(loads(&loader), [101, 1]);
    }

    #[tokio::test]
    async fn tasks_that_are_ready_together_share_a_load() {
        let loader = Arc::new(doubles(1));
        let ask = |key| {
            let loader = loader.clone();
            tokio::spawn(async move { loader.load_one(key).await.unwrap() })
        };
        let asked = [2, 2, 2, 2, 4, 4, 4, 4].map(ask);
        let found: Vec<_> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
        assert_eq!((found, loads(&loader)), ([[Some(4); 4], [Some(8); 4]].concat(), vec![2]));
    }

    #[tokio::test]
    async fn a_loader_is_given_a_thousand_keys_at_most() {
        let loader = doubles(3);
        let found = loader.load_many(0..2_001).await.unwrap();
        assert_eq!((found.len(), loads(&loader)), (1_001, vec![1_000, 1_000, 1]));
    }

    #[tokio::test]
    async fn all_are_told_of_an_error_and_the_next_asks_anew() {
        let loader = doubles(2);
        let (one, other) = tokio::join!(loader.load_one(2), loader.load_one(1_000_001));
        assert_eq!((one.is_err(), other.is_err(), loader.load_one(2).await.unwrap()), (true, true, Some(4)));
    }

    #[tokio::test]
    async fn a_load_goes_on_for_the_others_when_who_began_it_is_gone() {
        let loader = doubles(0);
        let mut first = Box::pin(loader.load_one(2));
        let mut second = pin!(loader.load_one(4));
        while loads(&loader).is_empty() {
            assert!(futures_util::poll!(&mut first).is_pending());
            assert!(futures_util::poll!(&mut second).is_pending());
            yield_now().await;
        }
        drop(first);
        loader.0.loader.permits.add_permits(1);
        assert_eq!((second.await.unwrap(), loads(&loader)), (Some(8), vec![2]));
    }
}

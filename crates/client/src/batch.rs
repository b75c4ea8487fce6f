//! Look-ups of one request, gathered and asked for together.

use std::collections::HashMap;
use std::fmt::Debug;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;

use dataloader::BatchFn;
use dataloader::cached::Loader;

mod references;

use crate::error::ClientError;

/// As many references as our subgraphs take in one request.
const MAX_BATCH: usize = 1000;

type Asked<K, V, E> = Pin<Box<dyn Future<Output = Result<HashMap<K, V>, E>> + Send>>;

/// Values by key, each asked for once in the life of this look-up, many at a time.
///
/// Belongs to one request: `dataloader` holds its lock while it loads, so requests that shared one would wait for each
/// other, and its cache has neither a bound nor an expiry. Clones share the cache.
#[derive(Clone)]
pub struct Lookup<K, V, E = ClientError>
where
    K: Eq + Hash + Clone + Debug + Send + 'static,
    V: Clone + Send + 'static,
    E: Clone + Send + 'static,
{
    loader: Loader<K, Found<V, E>, Ask<K, V, E>>,
}

/// `None` where the service has no such thing. An error is that of the whole batch.
type Found<V, E> = Result<Option<V>, E>;

impl<K, V, E> Lookup<K, V, E>
where
    K: Eq + Hash + Clone + Debug + Send + 'static,
    V: Clone + Send + 'static,
    E: Clone + Send + 'static,
{
    /// A look-up that calls `ask` with up to a thousand distinct keys; keys missing from its answer were not found.
    pub fn new<F, Fut>(mut ask: F) -> Self
    where
        F: FnMut(Vec<K>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<HashMap<K, V>, E>> + Send + 'static,
    {
        let ask = Ask(Box::new(move |keys| -> Asked<K, V, E> { Box::pin(ask(keys)) }));
        Self { loader: Loader::new(ask).with_max_batch_size(MAX_BATCH) }
    }

    /// The value of `key`. Calls that are polled together, as by `join_all`, cost one call of `ask`.
    ///
    /// # Errors
    /// That of the call which asked for this key.
    pub async fn get(&self, key: K) -> Found<V, E> {
        loop {
            // `Ask` answers every key, so that a missing one means that the caller who was loading has been dropped
            // in the middle, and took the keys of the others with it.
            if let Ok(found) = self.loader.try_load(key.clone()).await {
                return found;
            }
        }
    }

    /// The values of `keys`, without those that were not found.
    ///
    /// # Errors
    /// That of a call which asked for one of these keys.
    pub async fn get_many(&self, keys: impl IntoIterator<Item = K>) -> Result<HashMap<K, V>, E> {
        let keys: Vec<K> = keys.into_iter().collect();
        let found = loop {
            if let Ok(found) = self.loader.try_load_many(keys.clone()).await {
                break found;
            }
        };
        found.into_iter().filter_map(|(key, value)| Some(value.transpose()?.map(|value| (key, value)))).collect()
    }
}

struct Ask<K, V, E>(Box<dyn FnMut(Vec<K>) -> Asked<K, V, E> + Send>);

impl<K, V, E> BatchFn<K, Found<V, E>> for Ask<K, V, E>
where
    K: Eq + Hash + Clone + Send + 'static,
    V: Clone + Send + 'static,
    E: Clone + Send + 'static,
{
    fn load(&mut self, keys: &[K]) -> impl Future<Output = HashMap<K, Found<V, E>>> {
        let asked = (self.0)(keys.to_vec());
        let keys = keys.to_vec();
        async move {
            let mut answer = asked.await;
            let mut found = |key: &K| answer.as_mut().map(|values| values.remove(key)).map_err(|error| error.clone());
            keys.into_iter().map(|key| (key.clone(), found(&key))).collect()
        }
    }
}

//! Where verifying keys come from, and how long they are good for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::JwkSet;
use tokio::sync::watch;
use tokio::time::Instant;

use super::endpoint::{self, Endpoint};
use super::key_set::KeySet;
use super::{TokenError, VerifierError, VerifierSettings};

const FETCH_TIMEOUT: Duration = Duration::from_secs(2);

/// Where a [`Verifier`](super::Verifier) has its keys from.
#[derive(Clone, Debug)]
pub enum JwksSource {
    /// An issuer over HTTP.
    Url(String),
    /// The issuer in this process: always what it published last.
    Local(watch::Receiver<JwkSet>),
}

#[derive(Debug)]
pub(super) enum Keys {
    Remote(Arc<Remote>),
    Local(watch::Receiver<JwkSet>),
}

impl Keys {
    pub(super) fn new(source: JwksSource, settings: &VerifierSettings) -> Result<Self, VerifierError> {
        match source {
            JwksSource::Url(url) => Ok(Self::Remote(Arc::new(Remote::new(&url, settings)?))),
            JwksSource::Local(keys) => Ok(Self::Local(keys)),
        }
    }

    pub(super) async fn find(&self, key_id: &str) -> Result<DecodingKey, TokenError> {
        match self {
            Self::Remote(remote) => Remote::find(remote, key_id).await,
            Self::Local(keys) => {
                let published: KeySet = keys.borrow().keys.iter().cloned().collect();
                published.get(key_id).ok_or(TokenError::UnknownKey)
            }
        }
    }
}

/// A cached JWK Set of an issuer elsewhere.
#[derive(Debug)]
pub(super) struct Remote {
    endpoint: Endpoint,
    cache_ttl: Duration,
    cooldown: Duration,
    max_stale: Duration,
    cache: Mutex<Cache>,
    /// Held by the one task that fetches.
    flight: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Cache {
    keys: Option<(Arc<KeySet>, Instant)>,
    attempted: Option<Instant>,
    /// Whether the last attempt failed: then keys live longer.
    failing: bool,
}

impl Remote {
    fn new(url: &str, settings: &VerifierSettings) -> Result<Self, VerifierError> {
        Ok(Self {
            endpoint: Endpoint::new(url, FETCH_TIMEOUT)?,
            cache_ttl: settings.cache_ttl,
            cooldown: settings.cooldown,
            max_stale: settings.max_stale,
            cache: Mutex::default(),
            flight: tokio::sync::Mutex::default(),
        })
    }

    async fn find(remote: &Arc<Self>, key_id: &str) -> Result<DecodingKey, TokenError> {
        match remote.cached(key_id) {
            Cached::Fresh(key) => return Ok(key),
            Cached::Aging(key) => {
                if !remote.is_cooling_down() && !remote.is_fetching() {
                    tokio::spawn(Self::refresh(Arc::clone(remote)));
                }
                return Ok(key);
            }
            Cached::Stale | Cached::Unknown | Cached::Empty => {}
        }
        // A flood of unknown keys costs no more than this look while nothing can be asked.
        if remote.is_fetching() || !remote.is_cooling_down() {
            // In a task of its own, so that the fetch goes on for the others when this caller hangs up.
            if let Err(error) = tokio::spawn(Self::refresh(Arc::clone(remote))).await {
                tracing::error!(%error, "fetching keys ended early");
            }
        }
        match remote.cached(key_id) {
            Cached::Fresh(key) | Cached::Aging(key) => Ok(key),
            Cached::Unknown => Err(TokenError::UnknownKey),
            Cached::Stale | Cached::Empty => Err(TokenError::KeysUnavailable),
        }
    }

    fn cached(&self, key_id: &str) -> Cached {
        let cache = self.cache();
        let Some((keys, fetched)) = &cache.keys else { return Cached::Empty };
        let age = fetched.elapsed();
        let lifetime = if cache.failing { self.max_stale } else { self.cache_ttl };
        match keys.get(key_id) {
            _ if age > lifetime => Cached::Stale,
            None => Cached::Unknown,
            Some(key) if age > self.cache_ttl / 2 => Cached::Aging(key),
            Some(key) => Cached::Fresh(key),
        }
    }

    /// Fetches once a cooldown; whoever comes while that happens waits for its end.
    async fn refresh(remote: Arc<Self>) {
        let _flight = remote.flight.lock().await;
        if remote.is_cooling_down() {
            return;
        }
        remote.cache().attempted = Some(Instant::now());
        let fetched = remote.fetch().await;
        let mut cache = remote.cache();
        cache.failing = fetched.is_err();
        match fetched {
            Ok(keys) => {
                tracing::debug!(keys = keys.len(), "verifying keys fetched");
                cache.keys = Some((Arc::new(keys), Instant::now()));
            }
            Err(reason) => tracing::warn!(url = %remote.endpoint.url(), reason, "verifying keys cannot be fetched"),
        }
    }

    async fn fetch(&self) -> Result<KeySet, String> {
        let response = self.endpoint.get().send().await.map_err(|error| error.to_string())?;
        if !response.status().is_success() {
            return Err(format!("answered {}", response.status()));
        }
        let document = endpoint::body(response).await.ok_or("the document is cut short or too large")?;
        KeySet::parse(&document).ok_or_else(|| "the document is no JWK Set".to_owned())
    }

    fn is_cooling_down(&self) -> bool {
        self.cache().attempted.is_some_and(|at| at.elapsed() < self.cooldown)
    }

    fn is_fetching(&self) -> bool {
        self.flight.try_lock().is_err()
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the cache has for one key.
enum Cached {
    Fresh(DecodingKey),
    /// Good to use, and time to ask again meanwhile.
    Aging(DecodingKey),
    /// Too old to be relied on, key or no key.
    Stale,
    /// The set is current and does not have it.
    Unknown,
    /// Nothing was ever fetched.
    Empty,
}

//! Passwords to hashes and back: argon2id, away from the async threads and behind a bound.

use std::{num::NonZeroUsize, sync::Arc, thread, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::{self, phc::PasswordHash},
};
use secrecy::{ExposeSecret as _, SecretString};
use subgraph::{Error, Result};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task, time,
};

use crate::settings::HashingSettings;

/// OWASP's recommendation for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The hash of no password, with the same parameters as every other: checking against it takes as long.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bWVyY2Fkby1ub2JvZHk$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and checks passwords. As many at once as there are permits, each with 19 MiB; who waits longer than
/// the settings allow is told `RATE_LIMITED`.
pub struct Hasher {
    argon2: Argon2<'static>,
    permits: Arc<Semaphore>,
    wait: Duration,
}

/// The right to hash or check one password. Take it before what only a real attempt should cause.
pub struct Turn(#[expect(dead_code, reason = "held, and given back when dropped")] OwnedSemaphorePermit);

impl Hasher {
    pub fn new(settings: &HashingSettings) -> Result<Self> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Error::internal)?;
        let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Ok(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            permits: Arc::new(Semaphore::new(settings.permits.unwrap_or(processors).max(1))),
            wait: settings.wait,
        })
    }

    /// Waits for a turn, or says `RATE_LIMITED`.
    pub async fn turn(&self) -> Result<Turn> {
        match time::timeout(self.wait, self.permits.clone().acquire_owned()).await {
            Ok(permit) => Ok(Turn(permit.map_err(Error::internal)?)),
            Err(_) => {
                tracing::warn!("password hashing is saturated");
                Err(Error::RateLimited)
            }
        }
    }

    /// A PHC string with a salt of its own.
    pub async fn hash(&self, turn: Turn, password: SecretString) -> Result<String> {
        let argon2 = self.argon2.clone();
        let hash = move || argon2.hash_password(password.expose_secret().as_bytes());
        Ok(compute(turn, hash).await?.map_err(Error::internal)?.to_string())
    }

    /// Whether the password belongs to this hash. Without a hash the answer is no, and takes as long.
    pub async fn verify(&self, turn: Turn, password: SecretString, hash: Option<String>) -> Result<bool> {
        let argon2 = self.argon2.clone();
        let verify = move || {
            let parsed = PasswordHash::new(hash.as_deref().unwrap_or(NOBODYS))?;
            let outcome = argon2.verify_password(password.expose_secret().as_bytes(), &parsed);
            outcome.map(|()| hash.is_some())
        };
        match compute(turn, verify).await? {
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            other => other.map_err(Error::internal),
        }
    }
}

async fn compute<T: Send + 'static>(turn: Turn, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    // The turn goes along: a caller who hangs up does not make room for more work than there are permits.
    let computing = task::spawn_blocking(move || {
        let done = work();
        drop(turn);
        done
    });
    computing.await.map_err(Error::internal)
}

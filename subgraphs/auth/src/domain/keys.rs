//! The keys that sign access tokens: one CURRENT, the NEXT one published ahead of its use, and the
//! PREVIOUS ones for as long as something they signed is valid.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use aws_lc_rs::{error::Unspecified, rand::SystemRandom, signature::Ed25519KeyPair};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{
    EncodingKey,
    errors::Error as JwtError,
    jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash},
};
use sea_orm::{ActiveModelTrait as _, ConnectionTrait, DbErr, IntoActiveModel as _, SqlErr};
use service::token::ALGORITHM;
use subgraph::{Database, time};
use tokio::sync::watch;

use crate::entities::signing_key::{Entity as SigningKeys, Model, State};

/// How long a PREVIOUS key is kept at least: longer than any token and any leeway.
const OVERLAP: TimeDelta = TimeDelta::hours(2);

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the signing keys cannot be read or written")]
    Database(#[from] DbErr),
    #[error("a stored signing key is not usable")]
    Unusable(#[from] JwtError),
    #[error("no signing key can be generated")]
    Generation(#[from] Unspecified),
    #[error("there is no current signing key")]
    Missing,
}

/// The key that signs now.
#[derive(Clone)]
pub struct SigningKey {
    pub kid: Arc<str>,
    pub key: EncodingKey,
    since: DateTime<Utc>,
}

/// This process's view of the keys in the database. Replicas share the database; a replica that learns late of
/// a rotation goes on with a key that is still published.
#[derive(Clone)]
pub struct KeyRing {
    database: Database,
    current: Arc<RwLock<SigningKey>>,
    published: watch::Sender<JwkSet>,
}

impl KeyRing {
    /// Reads the keys, after making the first ones where there are none.
    pub async fn open(database: Database) -> Result<Self, KeyError> {
        if SigningKeys::published(database.read()).await?.is_empty() {
            create_first(&database).await?;
        }
        let rows = SigningKeys::published(database.read()).await?;
        Ok(Self {
            database,
            current: Arc::new(RwLock::new(current(&rows)?)),
            published: watch::Sender::new(public(&rows)?),
        })
    }

    pub fn current(&self) -> SigningKey {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The JWK Set (RFC 7517), always as last read.
    pub fn published(&self) -> watch::Receiver<JwkSet> {
        self.published.subscribe()
    }

    /// Takes over what other replicas did. What is published goes first: a key must be known before it signs.
    pub async fn reload(&self) -> Result<(), KeyError> {
        let rows = SigningKeys::published(self.database.read()).await?;
        let (current, public) = (current(&rows)?, public(&rows)?);
        self.published.send_replace(public);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
        Ok(())
    }

    /// NEXT signs from now on. Of several replicas that do this at once, one does it.
    pub async fn rotate(&self) -> Result<(), KeyError> {
        let (now, retiring) = (time::now(), self.current());
        let transaction = self.database.begin().await?;
        if !SigningKeys::retire(&transaction, &retiring.kid, now).await? {
            transaction.rollback().await?;
            return self.reload().await;
        }
        if !SigningKeys::activate(&transaction, now).await? {
            return Err(KeyError::Missing);
        }
        insert(&transaction, State::Next, now).await?;
        SigningKeys::purge(&transaction, now - OVERLAP).await?;
        transaction.commit().await?;
        self.reload().await?;
        tracing::info!(kid.retired = %retiring.kid, kid.current = %self.current().kid, "signing keys rotated");
        Ok(())
    }

    /// Rotates when the current key has signed for longer than `age`.
    pub async fn rotate_when_older(&self, age: Duration) -> Result<(), KeyError> {
        let served = (time::now() - self.current().since).to_std();
        if served.is_ok_and(|served| served > age) {
            self.rotate().await?;
        }
        Ok(())
    }
}

async fn create_first(database: &Database) -> Result<(), KeyError> {
    let now = time::now();
    let transaction = database.begin().await?;
    for state in [State::Current, State::Next] {
        match insert(&transaction, state, now).await {
            // Another replica was first.
            Err(KeyError::Database(error)) if is_unique_violation(&error) => return Ok(transaction.rollback().await?),
            other => other?,
        }
    }
    Ok(transaction.commit().await?)
}

fn is_unique_violation(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

async fn insert(db: &impl ConnectionTrait, state: State, now: DateTime<Utc>) -> Result<(), KeyError> {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new())?;
    let row = Model {
        kid: public_key(pkcs8.as_ref())?.thumbprint(ThumbprintHash::SHA256)?,
        pkcs8: pkcs8.as_ref().to_vec(),
        state,
        created_at: now,
        activated_at: (state == State::Current).then_some(now),
        retired_at: None,
    };
    row.into_active_model().reset_all().insert(db).await?;
    Ok(())
}

fn public_key(pkcs8: &[u8]) -> Result<Jwk, JwtError> {
    Jwk::from_encoding_key(&EncodingKey::from_ed_der(pkcs8), ALGORITHM)
}

fn current(rows: &[Model]) -> Result<SigningKey, KeyError> {
    let row = rows.iter().find(|row| row.state == State::Current).ok_or(KeyError::Missing)?;
    Ok(SigningKey {
        kid: row.kid.as_str().into(),
        key: EncodingKey::from_ed_der(&row.pkcs8),
        since: row.activated_at.unwrap_or(row.created_at),
    })
}

fn public(rows: &[Model]) -> Result<JwkSet, JwtError> {
    let publish = |row: &Model| {
        let mut key = public_key(&row.pkcs8)?;
        key.common.key_id = Some(row.kid.clone());
        key.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(key)
    };
    Ok(JwkSet { keys: rows.iter().map(publish).collect::<Result<_, JwtError>>()? })
}

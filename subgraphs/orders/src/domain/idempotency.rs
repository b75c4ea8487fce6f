//! The same key and the same body are the same request: it has one effect, whose order answers every repetition. The key
//! is kept in the transaction of the effect, and as long as the order.

use sea_orm::{DatabaseTransaction, DbErr, EntityTrait as _, IntoActiveModel as _, SqlErr};
use subgraph::{Database, time, user_error::InvalidInputError};
use uuid::Uuid;

use crate::entities::idempotency_key;

const MAX_KEY: usize = 128;

/// One request's key. Users do not see each other's keys, nor operations those of others.
#[derive(Clone, Debug)]
pub struct Key {
    pub user: Uuid,
    pub operation: &'static str,
    pub key: String,
    /// What was asked: SHA-256 in hexadecimal.
    pub request_hash: String,
}

/// What is known of a key.
pub enum Earlier {
    Nothing,
    Order(Uuid),
    /// It stands for another body.
    Reused,
}

impl Key {
    pub async fn earlier(&self, database: &Database) -> Result<Earlier, DbErr> {
        let id = (self.user, self.operation.to_owned(), self.key.clone());
        Ok(match idempotency_key::Entity::find_by_id(id).one(database.read()).await? {
            None => Earlier::Nothing,
            Some(earlier) if earlier.request_hash == self.request_hash => Earlier::Order(earlier.order_id),
            Some(_) => Earlier::Reused,
        })
    }

    /// Takes the key for what this transaction does to the order. `false` when another has taken it and committed; then
    /// this transaction is of no use any more. The primary key decides between requests that come at once.
    pub async fn claim(&self, tx: &DatabaseTransaction, order_id: Uuid) -> Result<bool, DbErr> {
        let row = idempotency_key::Model {
            user_id: self.user,
            operation: self.operation.to_owned(),
            key: self.key.clone(),
            request_hash: self.request_hash.clone(),
            order_id,
            created_at: time::now(),
        };
        match idempotency_key::Entity::insert(row.into_active_model()).exec_without_returning(tx).await {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Whether a client may call a request so.
pub fn check_key(key: &str) -> Result<(), InvalidInputError> {
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if visible && (1..=MAX_KEY).contains(&key.len()) {
        return Ok(());
    }
    Err(InvalidInputError::new(
        ["idempotencyKey"],
        format!("The key has 1 to {MAX_KEY} visible ASCII characters and no spaces."),
    ))
}

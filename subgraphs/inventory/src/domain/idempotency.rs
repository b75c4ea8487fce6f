//! The same key and the same body get the same answer, kept in the transaction that made the effect.

use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ActiveValue::Unchanged, DatabaseTransaction, DbErr, EntityTrait as _,
};
use serde::{Serialize, de::DeserializeOwned};
use subgraph::{fingerprint, time};

use crate::entities::idempotency_key::{self, ActiveModel, Entity, Model};

/// The key of one request. Actors do not see each other's keys.
#[derive(Clone, Debug)]
pub(crate) struct Key<'a> {
    pub actor: &'a str,
    pub operation: &'static str,
    pub key: &'a str,
}

/// What is known of a key.
#[derive(Debug)]
pub(crate) enum Claim<T> {
    /// Nothing: it is this transaction's now, which ends with [`answer`].
    New,
    Answered(T),
    /// It stands for another body.
    Reused,
}

/// Takes the key for this request. Waits while another transaction works on the same key.
pub(crate) async fn claim<T: DeserializeOwned>(
    tx: &DatabaseTransaction,
    key: &Key<'_>,
    request: &impl Serialize,
) -> Result<Claim<T>, DbErr> {
    let row = Model {
        actor: key.actor.to_owned(),
        operation: key.operation.to_owned(),
        key: key.key.to_owned(),
        request_hash: fingerprint(serde_json::to_vec(request).map_err(json)?),
        response: None,
        created_at: time::now(),
    };
    if idempotency_key::claim(tx, &row).await? {
        return Ok(Claim::New);
    }
    let id = (row.actor, row.operation, row.key);
    let first = Entity::find_by_id(id).one(tx).await?;
    let first = first.ok_or_else(|| DbErr::RecordNotFound("the request that has taken the key".into()))?;
    if first.request_hash != row.request_hash {
        return Ok(Claim::Reused);
    }
    serde_json::from_value(first.response.unwrap_or_default()).map(Claim::Answered).map_err(json)
}

/// Keeps the answer of a key that this transaction has claimed.
pub(crate) async fn answer(tx: &DatabaseTransaction, key: &Key<'_>, answer: &impl Serialize) -> Result<(), DbErr> {
    let row = ActiveModel {
        actor: Unchanged(key.actor.to_owned()),
        operation: Unchanged(key.operation.to_owned()),
        key: Unchanged(key.key.to_owned()),
        response: Set(Some(serde_json::to_value(answer).map_err(json)?)),
        ..Default::default()
    };
    row.update(tx).await.map(drop)
}

fn json(error: serde_json::Error) -> DbErr {
    DbErr::Json(error.to_string())
}

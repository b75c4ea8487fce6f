//! Giving back what was held for orders of which nothing more was heard.

use sea_orm::{DbErr, prelude::DateTimeUtc};
use subgraph::{Database, fail_point, time};
use uuid::Uuid;

use super::{
    protocol::Request,
    settle::{SettleError, advance},
};
use crate::entities::reservation;

/// Who expires reservations, in the ledger.
const ACTOR: &str = "inventory";

/// Expires up to `limit` held reservations whose time has passed, each in a transaction of its own; how many.
///
/// Replicas may do it at the same time: they share the work. A reservation that fails is logged and does not stop
/// the others.
pub async fn expire_due(database: &Database, limit: u64) -> Result<u64, DbErr> {
    let now = time::now();
    let mut expired = 0;
    for id in reservation::due(database.read(), now, limit).await? {
        match expire(database, id, now).await {
            Ok(was_due) => expired += u64::from(was_due),
            Err(error) => tracing::error!(reservation.id = %id, %error, "reservation cannot be expired"),
        }
    }
    Ok(expired)
}

async fn expire(database: &Database, id: Uuid, now: DateTimeUtc) -> Result<bool, SettleError> {
    let tx = database.begin().await?;
    if !reservation::lock_due(&tx, id, now).await? {
        return Ok(false);
    }
    let Some((_, products)) = advance(&tx, id, Request::Expire, ACTOR, now).await? else { return Ok(false) };
    fail_point!("inventory.expire.before");
    database.commit(tx, products).await?;
    fail_point!("inventory.expire.after");
    Ok(true)
}

//! The recovery worker: takes up the orders that nobody drives any more, because a process died or a call failed.

use std::time::Duration;

use futures_util::future::join_all;
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    prelude::Expr,
    sea_query::{LockBehavior, LockType},
};
use service::shutdown::Shutdown;
use subgraph::{Database, fail_point, time, worker};
use uuid::Uuid;

use super::{arrow::LEASE, drive::Driver};
use crate::entities::order;

/// Orders that one replica takes at a time.
const BATCH: u64 = 32;
/// No lease and no pause is as long: an order that waits for longer was left by a clock that was wrong.
const TOO_LONG: Duration = Duration::from_secs(60);

/// Looks for due orders every `period` until the shutdown. Dropping a round in its middle is harmless: its leases end.
pub async fn run(database: Database, driver: Driver, period: Duration, shutdown: Shutdown) {
    worker::every(period, &shutdown, "recovery", || round(&database, &driver)).await;
}

/// Takes the orders that are due, and drives each as far as it goes now.
pub async fn round(database: &Database, driver: &Driver) -> Result<(), DbErr> {
    let due = lease(database).await?;
    join_all(due.into_iter().map(|id| driver.drive(id))).await;
    Ok(())
}

/// Takes due orders, so that no other replica takes them for the time of a lease.
async fn lease(database: &Database) -> Result<Vec<Uuid>, DbErr> {
    // Most rounds find nothing, and then need no lock.
    if due(database.read(), 1).await?.is_empty() {
        return Ok(Vec::new());
    }
    let tx = database.begin().await?;
    let ids = due(&tx, BATCH).await?;
    order::Entity::update_many()
        .col_expr(order::Column::NextAttemptAt, Expr::value(time::now() + LEASE))
        .filter(order::COLUMN.id.is_in(ids.iter().copied()))
        .exec(&tx)
        .await?;
    fail_point!("orders.lease.before");
    tx.commit().await?;
    fail_point!("orders.lease.after");
    Ok(ids)
}

/// In a transaction on PostgreSQL the rows are locked, and those that another replica has locked are passed over; on
/// SQLite the transaction is the only writer.
async fn due(connection: &impl ConnectionTrait, limit: u64) -> Result<Vec<Uuid>, DbErr> {
    let (at, now) = (order::COLUMN.next_attempt_at, time::now());
    order::Entity::find()
        .select_only()
        .column(order::Column::Id)
        .filter(at.lte(now).or(at.gt(now + TOO_LONG)))
        .order_by_asc(order::COLUMN.next_attempt_at)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_tuple()
        .all(connection)
        .await
}

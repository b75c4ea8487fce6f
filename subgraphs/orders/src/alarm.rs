//! How long the order that has stood still for longest has done so, for operators.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _};
use service::shutdown::Shutdown;
use subgraph::{Database, time, worker};

use crate::entities::{order, order_event};

const LOOK: Duration = Duration::from_secs(5);
/// An order has moved by then, unless something is down or wrong: a purchase is decided within half a minute, and the
/// recovery worker's longest pause is ten seconds.
const TOO_LONG: Duration = Duration::from_secs(60);

/// Looks until the shutdown.
pub(crate) async fn run(database: Database, shutdown: Shutdown) {
    worker::every(LOOK, &shutdown, "alarm", || async { standing_still(&database).await.map(tell) }).await;
}

fn tell(age: Duration) {
    metrics::gauge!("mercado_orders_oldest_unsettled_seconds").set(age.as_secs_f64());
    if age > TOO_LONG {
        tracing::error!(age_s = age.as_secs(), "an order stands still");
    }
}

/// Of all orders that are not at their end, the longest time since an order's last event.
async fn standing_still(database: &Database) -> Result<Duration, DbErr> {
    let unsettled = order::Entity::find()
        .select_only()
        .column(order::Column::Id)
        .filter(order::COLUMN.next_attempt_at.is_not_null())
        .into_query();
    let last = order_event::COLUMN.at.max();
    let oldest: Option<DateTime<Utc>> = order_event::Entity::find()
        .select_only()
        .column_as(last.clone(), "at")
        .filter(order_event::COLUMN.order_id.in_subquery(unsettled))
        .group_by(order_event::Column::OrderId)
        .order_by_asc(last)
        .limit(1)
        .into_tuple()
        .one(database.read())
        .await?;
    Ok(oldest.and_then(|at| (time::now() - at).to_std().ok()).unwrap_or_default())
}

//! What nobody asks for: expiring reservations, and forgetting old idempotency keys.

use std::time::Duration;

use sea_orm::DbErr;
use service::shutdown::Shutdown;
use subgraph::{BootError, Database, time, worker};

use crate::{
    domain::expire,
    entities::{idempotency_key, reservation},
    settings::Settings,
};

/// Reservations that are looked up at a time.
const BATCH: u64 = 100;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Sweeps every `sweep_interval` until the shutdown. Any number of replicas may do so.
///
/// # Errors
/// When a setting makes no sense.
pub(crate) fn spawn(database: Database, settings: &Settings, shutdown: Shutdown) -> Result<(), BootError> {
    let (every, retention) = (settings.sweep_interval, settings.idempotency_retention);
    if every.is_zero() {
        return Err(BootError::Setting("service.sweep_interval must not be zero".into()));
    }
    if retention < DAY {
        return Err(BootError::Setting("service.idempotency_retention is at least a day".into()));
    }
    tokio::spawn(async move {
        worker::every(every, &shutdown, "sweep", || sweep(&database, retention)).await;
    });
    Ok(())
}

async fn sweep(database: &Database, retention: Duration) -> Result<(), DbErr> {
    let expired = expire::expire_due(database, BATCH).await?;
    if expired > 0 {
        tracing::info!(reservations = expired, "reservations expired");
    }
    tell(database).await?;
    idempotency_key::forget(database.write(), time::now() - retention).await?;
    Ok(())
}

/// For operators: how long the longest overdue reservation has been held beyond its time.
async fn tell(database: &Database) -> Result<(), DbErr> {
    let now = time::now();
    let since = reservation::longest_overdue(database.read(), now).await?;
    let overdue = since.map_or(0.0, |at| (now - at).as_seconds_f64());
    metrics::gauge!("mercado_reservations_overdue_seconds").set(overdue);
    Ok(())
}

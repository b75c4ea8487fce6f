//! Work that nobody asks for.

use std::{error::Error, future::Future, time::Duration};

use service::shutdown::Shutdown;
use tokio::time::{MissedTickBehavior, interval};

use crate::database::uncounted;

/// Does the work at once, and again every `period` until the shutdown, which may end it anywhere. What fails is logged and
/// done again.
///
/// # Panics
/// If `period` is zero.
pub async fn every<E, F>(period: Duration, shutdown: &Shutdown, name: &'static str, work: impl Fn() -> F)
where
    E: Error + 'static,
    F: Future<Output = Result<(), E>>,
{
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let rounds = async {
        loop {
            ticks.tick().await;
            if let Err(error) = work().await {
                tracing::error!(error = &error as &dyn Error, "{name} failed");
            }
        }
    };
    tokio::select! {
        () = shutdown.requested() => {}
        () = uncounted(rounds) => {}
    }
}

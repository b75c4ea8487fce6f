//! What has to be done from time to time: follow and rotate the signing keys, forget what has ended.

use std::{error::Error as StdError, sync::Arc, time::Duration};

use chrono::TimeDelta;
use service::shutdown::Shutdown;
use subgraph::time;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::{Authority, keys::KeyError};
use crate::entities::{session::Entity as Sessions, sign_in_attempt::Entity as SignInAttempts};

const EVERY: Duration = Duration::from_secs(30);
/// Sessions are kept a while after their end, so that a token of theirs is still known as used.
const SESSIONS_KEPT: TimeDelta = TimeDelta::days(1);
/// After this long without an attempt, an account's failures are forgotten.
const ATTEMPTS_KEPT: TimeDelta = TimeDelta::days(1);

/// Does it until the shutdown is asked for. A round that fails is logged, and the next one tries again.
pub fn spawn(authority: Arc<Authority>, key_rotation: Duration, shutdown: Shutdown) {
    tokio::spawn(async move {
        let mut rounds = interval_at(Instant::now() + EVERY, EVERY);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.requested() => return,
                _ = rounds.tick() => {}
            }
            if let Err(error) = round(&authority, key_rotation).await {
                tracing::error!(error = &error as &dyn StdError, "housekeeping failed");
            }
        }
    });
}

async fn round(authority: &Authority, key_rotation: Duration) -> Result<(), KeyError> {
    authority.issuer.keys.reload().await?;
    authority.issuer.keys.rotate_when_older(key_rotation).await?;
    let (now, write) = (time::now(), authority.database.write());
    let sessions = Sessions::purge(write, now - SESSIONS_KEPT).await?;
    let attempts = SignInAttempts::purge(write, now - ATTEMPTS_KEPT).await?;
    tracing::debug!(sessions, attempts, "ended sessions and old attempts forgotten");
    Ok(())
}

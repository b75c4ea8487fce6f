//! Sends what is in the outbox, in one replica at a time.

use std::{error::Error as StdError, time::Duration};

use service::shutdown::Shutdown;
use tokio::time::{Instant, sleep, timeout};

use super::{broker::Broker, forget, lease::Lease, oldest};
use crate::{Database, database::uncounted, time};

/// Events taken at a time.
const BATCH: usize = 256;
/// How often the outbox is looked into unasked: for what another replica has left, and what could not be sent.
const LOOK: Duration = Duration::from_secs(1);
/// After a commit, how long others are waited for, so that busy times cost few statements.
const GATHER: Duration = Duration::from_millis(50);
/// After a failure, the longest pause before the next try.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Sends events until the shutdown.
pub(crate) struct Relay {
    pub(crate) service: &'static str,
    pub(crate) database: Database,
    pub(crate) broker: Broker,
}

#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error("the outbox cannot be read or written")]
    Database(#[from] sea_orm::DbErr),
    #[error("events cannot be sent")]
    Broker(#[source] super::broker::BrokerError),
}

impl Relay {
    /// Being stopped at any moment is harmless: what was sent and not forgotten is sent again.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        let mut lease = Lease::new();
        tokio::select! {
            () = shutdown.requested() => {}
            () = uncounted(self.rounds(&mut lease)) => {}
            () = self.broker.listen(self.service, &self.database) => {}
        }
        if let Err(error) = lease.give_up(&self.database).await {
            tracing::warn!(error = &error as &dyn StdError, "the outbox's lease was not given up");
        }
    }

    async fn rounds(&self, lease: &mut Lease) {
        let mut failures = 0;
        loop {
            self.rest().await;
            match self.round(lease).await {
                Ok(()) => failures = 0,
                Err(error) => {
                    failures += 1;
                    tracing::error!(failures, error = &error as &dyn StdError, "events are waiting");
                    sleep((LOOK * failures).min(LONGEST_PAUSE)).await;
                }
            }
        }
    }

    /// Ends at the next look, or sooner where another process waits for what is committed: those who watch in this one
    /// were told by the commit.
    async fn rest(&self) {
        match self.broker {
            Broker::InProcess => sleep(LOOK).await,
            Broker::Nats(_) => {
                if timeout(LOOK, self.database.feed.committed()).await.is_ok() {
                    sleep(GATHER).await;
                }
            }
        }
    }

    /// Sends everything that is there. Nothing to send needs no lease.
    async fn round(&self, lease: &mut Lease) -> Result<(), RelayError> {
        loop {
            let started = Instant::now();
            let events = oldest(self.database.read(), BATCH).await?;
            let age = events.first().map_or(0.0, |event| (time::now() - event.at).as_seconds_f64());
            metrics::gauge!("mercado_outbox_oldest_seconds", "service" => self.service).set(age.max(0.0));
            if events.is_empty() || !lease.take(&self.database).await? {
                return Ok(());
            }
            let sent = self.broker.send(self.service, &self.database.feed, &events).await;
            if !sent.positions.is_empty() {
                let count = sent.positions.len();
                forget(self.database.write(), sent.positions).await?;
                let duration_ms = started.elapsed().as_millis();
                tracing::debug!(events = count, duration_ms, "events sent");
            }
            if let Some(error) = sent.error {
                return Err(RelayError::Broker(error));
            }
            if events.len() < BATCH {
                return Ok(());
            }
        }
    }
}

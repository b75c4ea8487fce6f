//! News of rows that changed, for those who watch them.
//!
//! A commit tells those who watch in the same process. Others are told by the events of the [`outbox`](crate::outbox)
//! where a broker carries them; without one they notice when they look again, every
//! [`look_again`](crate::DatabaseSettings::look_again). News is only a reason to read the row: it may come twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{DatabaseTransaction, DbErr};
use tokio::{
    sync::Notify,
    time::{Instant, Interval, MissedTickBehavior, interval_at},
};
use uuid::Uuid;

use crate::Database;

/// Who watches what. Telling costs as much as there are watchers of the rows told of, however many others there are.
#[derive(Clone, Debug)]
pub(crate) struct Feed(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    watchers: Mutex<BTreeMap<(Uuid, u64), Arc<Mailbox>>>,
    next_watcher: AtomicU64,
    started: Instant,
    look_again: Duration,
    committed: Notify,
}

/// What a watcher was told and has not asked for yet: at most the rows that it watches, however slow it is.
#[derive(Debug, Default)]
struct Mailbox {
    changed: Mutex<BTreeSet<Uuid>>,
    arrived: Notify,
}

/// Watches rows until it is dropped.
#[derive(Debug)]
pub struct Watch {
    feed: Feed,
    number: u64,
    rows: BTreeSet<Uuid>,
    mailbox: Arc<Mailbox>,
    looks: Interval,
}

impl Database {
    /// Commits, and tells those who watch one of these rows, and who sends events. A row that did not change is only
    /// looked at in vain.
    pub async fn commit(&self, tx: DatabaseTransaction, rows: impl IntoIterator<Item = Uuid>) -> Result<(), DbErr> {
        tx.commit().await?;
        self.feed.tell(rows);
        self.feed.0.committed.notify_one();
        Ok(())
    }

    /// Watches rows from now on. Read them after this call, or a change in between is missed.
    pub fn watch(&self, rows: impl IntoIterator<Item = Uuid>) -> Watch {
        self.feed.watch(rows.into_iter().collect())
    }

    /// How many watches there are.
    pub fn watches(&self) -> usize {
        let watchers = locked(&self.feed.0.watchers);
        watchers.keys().map(|(_, number)| number).collect::<BTreeSet<_>>().len()
    }
}

impl Watch {
    /// The watched rows that have changed since the last call, or may have; waits until there are any.
    pub async fn changed(&mut self) -> BTreeSet<Uuid> {
        loop {
            let told = std::mem::take(&mut *locked(&self.mailbox.changed));
            if !told.is_empty() {
                return told;
            }
            tokio::select! {
                () = self.mailbox.arrived.notified() => {}
                _ = self.looks.tick() => return self.rows.clone(),
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut watchers = locked(&self.feed.0.watchers);
        for row in &self.rows {
            watchers.remove(&(*row, self.number));
        }
    }
}

impl Feed {
    pub(crate) fn new(look_again: Duration) -> Self {
        Self(Arc::new(Inner {
            watchers: Mutex::default(),
            next_watcher: AtomicU64::default(),
            started: Instant::now(),
            look_again,
            committed: Notify::new(),
        }))
    }

    /// Ends at the next commit, or at once if there was one since the last call.
    pub(crate) async fn committed(&self) {
        self.0.committed.notified().await;
    }

    pub(crate) fn tell(&self, rows: impl IntoIterator<Item = Uuid>) {
        let watchers = locked(&self.0.watchers);
        for row in rows {
            for (_, mailbox) in watchers.range((row, 0)..=(row, u64::MAX)) {
                locked(&mailbox.changed).insert(row);
                mailbox.arrived.notify_one();
            }
        }
    }

    fn watch(&self, rows: BTreeSet<Uuid>) -> Watch {
        let number = self.0.next_watcher.fetch_add(1, Ordering::Relaxed);
        let mailbox = Arc::<Mailbox>::default();
        locked(&self.0.watchers).extend(rows.iter().map(|row| ((*row, number), mailbox.clone())));
        Watch { feed: self.clone(), number, rows, mailbox, looks: self.looks() }
    }

    /// All watchers look at the same moments, so that their loads meet in one batch.
    fn looks(&self) -> Interval {
        let period = self.0.look_again;
        let rounds = self.0.started.elapsed().as_nanos() / period.as_nanos().max(1);
        let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
        let mut looks = interval_at(self.0.started + period * rounds + period, period);
        looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        looks
    }
}

/// Nothing that holds one of these locks can leave its content half changed.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Uuid = Uuid::from_u128(1);
    const B: Uuid = Uuid::from_u128(2);
    const HOUR: Duration = Duration::from_secs(3_600);

    #[tokio::test]
    async fn a_watcher_hears_of_its_rows_once_however_often_they_changed() {
        let feed = Feed::new(HOUR);
        let (mut both, mut one) = (feed.watch(BTreeSet::from([A, B])), feed.watch(BTreeSet::from([B])));
        for _ in 0..1_000 {
            feed.tell([A]);
        }
        feed.tell([Uuid::from_u128(3)]);
        assert_eq!(both.changed().await, BTreeSet::from([A]));
        feed.tell([A, B]);
        assert_eq!(both.changed().await, BTreeSet::from([A, B]));
        assert_eq!(one.changed().await, BTreeSet::from([B]));
    }

    #[tokio::test]
    async fn without_news_a_watcher_looks_at_all_its_rows_again() {
        let feed = Feed::new(Duration::from_millis(5));
        let mut watch = feed.watch(BTreeSet::from([A, B]));
        assert_eq!(watch.changed().await, BTreeSet::from([A, B]));
    }

    #[tokio::test]
    async fn nothing_is_kept_for_a_watcher_that_is_gone() {
        let feed = Feed::new(HOUR);
        let watch = feed.watch(BTreeSet::from([A, B]));
        assert_eq!(locked(&feed.0.watchers).len(), 2);
        drop(watch);
        assert!(locked(&feed.0.watchers).is_empty());
    }
}

//! Driving an order: doing what its saga needs next until it rests. Request path and recovery worker both come
//! here, and may come at once: every call is idempotent and every arrow a compare-and-swap.

use std::{error::Error as StdError, sync::Arc, time::Duration};

use client::Deadline;
use rand::RngExt as _;
use sea_orm::{DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use subgraph::{Database, fail_point, time};
use tokio::sync::broadcast::{self, Receiver, Sender, error::RecvError};
use uuid::Uuid;

use super::{
    arrow::{self, Cause, cause_of, due_effect},
    saga::{Call, Effect, Event, is_settled, reply},
};
use crate::{
    entities::{
        order::{self, CancelReason, Shortages},
        order_line,
    },
    upstream::{
        CallError,
        inventory::{Answer, Inventory, Rejection},
    },
};

/// Between two tries lies up to this, doubling with every failure up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Orders that may settle while somebody who waits is not looking; who missed some reads the order again.
const REMEMBERED: usize = 1_024;

/// Drives orders, and tells who waits that one has settled. Clones share that.
#[derive(Clone)]
pub struct Driver(Arc<Inner>);

struct Inner {
    database: Database,
    inventory: Inventory,
    settled: Sender<Arc<order::Model>>,
}

impl Driver {
    pub fn new(database: Database, inventory: Inventory) -> Self {
        Self(Arc::new(Inner { database, inventory, settled: broadcast::channel(REMEMBERED).0 }))
    }

    /// Drives an order that was just written with these lines, in a task of its own, which goes on when the caller hangs
    /// up. Returns the order as it is once it has settled, or at `answer_by`.
    pub async fn settle_new(
        &self,
        order: order::Model,
        lines: Vec<order_line::Model>,
        answer_by: Deadline,
    ) -> Result<Option<order::Model>, DbErr> {
        let (id, settled, driver) = (order.id, self.0.settled.subscribe(), self.clone());
        tokio::spawn(async move { driver.report(id, driver.advance(order, Some(lines)).await) });
        self.wait(id, settled, answer_by).await
    }

    /// The same for any order.
    pub async fn settle(&self, id: Uuid, answer_by: Deadline) -> Result<Option<order::Model>, DbErr> {
        let (settled, driver) = (self.0.settled.subscribe(), self.clone());
        tokio::spawn(async move { driver.drive(id).await });
        self.wait(id, settled, answer_by).await
    }

    /// As [`settle`](Self::settle), for an order that is being driven already, or has settled.
    pub async fn watch(&self, id: Uuid, answer_by: Deadline) -> Result<Option<order::Model>, DbErr> {
        let settled = self.0.settled.subscribe();
        match self.read(id).await? {
            Some(order) if !is_settled(&order) => self.wait(id, settled, answer_by).await,
            read => Ok(read),
        }
    }

    /// Takes the order as far as it goes now. What cannot be done is left to the recovery worker.
    pub async fn drive(&self, id: Uuid) {
        let driven = async {
            match self.read(id).await? {
                Some(order) => self.advance(order, None).await,
                None => Ok(()),
            }
        };
        self.report(id, driven.await);
    }

    fn report(&self, id: Uuid, driven: Result<(), DbErr>) {
        if let Err(error) = driven {
            tracing::error!(order.id = %id, error = &error as &dyn StdError, "order left to the recovery worker");
        }
    }

    async fn advance(&self, mut order: order::Model, mut lines: Option<Vec<order_line::Model>>) -> Result<(), DbErr> {
        loop {
            let moved = match due_effect(&order, time::now()) {
                Effect::Rest => {
                    // Nobody waits: that is no failure.
                    let _ = self.0.settled.send(Arc::new(order));
                    return Ok(());
                }
                Effect::Raise(event) => self.take(&order, event, cause_of(event)).await?,
                Effect::Ask(call) => match self.ask(call, &order, lines.take()).await? {
                    Ok((event, cause)) => self.take(&order, event, cause).await?,
                    Err(error) => return self.postpone(&order, call, &error).await,
                },
            };
            order = match moved {
                Some(order) => order,
                None => match self.read(order.id).await? {
                    Some(order) => order,
                    None => return Ok(()),
                },
            };
        }
    }

    async fn take(&self, order: &order::Model, event: Event, cause: Cause) -> Result<Option<order::Model>, DbErr> {
        arrow::take(&self.0.database, order, event, cause).await
    }

    /// Makes the call and reads from its answer what happened to the order.
    async fn ask(
        &self,
        call: Call,
        order: &order::Model,
        lines: Option<Vec<order_line::Model>>,
    ) -> Result<Result<(Event, Cause), CallError>, DbErr> {
        let inventory = &self.0.inventory;
        fail_point!("orders.ask.before", call);
        let answer = match call {
            Call::Reserve => {
                let lines = match lines {
                    Some(lines) => lines,
                    None => self.lines(order.id).await?,
                };
                inventory.reserve(order, &lines).await
            }
            Call::Commit => inventory.commit(order.id).await,
            Call::Release => inventory.release(order.id).await,
            Call::Return => inventory.take_back(order.id).await,
        };
        fail_point!("orders.ask.after", call);
        Ok(answer.and_then(|answer| meaning(call, answer)))
    }

    async fn lines(&self, order: Uuid) -> Result<Vec<order_line::Model>, DbErr> {
        order_line::Entity::find()
            .filter(order_line::COLUMN.order_id.eq(order))
            .order_by_asc(order_line::COLUMN.product_id)
            .all(self.0.database.read())
            .await
    }

    async fn postpone(&self, order: &order::Model, call: Call, error: &CallError) -> Result<(), DbErr> {
        let earlier_failures = order.attempts;
        tracing::warn!(%order.id, earlier_failures, ?call, error = error as &dyn StdError, "inventory call failed");
        arrow::postpone(&self.0.database, order, time::now() + pause(earlier_failures)).await
    }

    async fn read(&self, id: Uuid) -> Result<Option<order::Model>, DbErr> {
        order::Entity::find_by_id(id).one(self.0.database.read()).await
    }

    /// The order once it has settled, or as it is at `answer_by`.
    async fn wait(
        &self,
        id: Uuid,
        mut settled: Receiver<Arc<order::Model>>,
        answer_by: Deadline,
    ) -> Result<Option<order::Model>, DbErr> {
        let heard = async {
            loop {
                match settled.recv().await {
                    Ok(order) if order.id == id => return Ok(Some(Arc::unwrap_or_clone(order))),
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => match self.read(id).await? {
                        Some(order) if !is_settled(&order) => {}
                        read => return Ok(read),
                    },
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        match tokio::time::timeout_at(answer_by.at(), heard).await {
            Ok(heard) => heard,
            Err(_) => self.read(id).await,
        }
    }
}

fn meaning(call: Call, answer: Answer) -> Result<(Event, Cause), CallError> {
    let event = reply(call, answer.reservation)
        .ok_or_else(|| CallError::Refused(format!("the reservation is {:?}", answer.reservation)))?;
    let cause = match event {
        Event::Rejected if answer.rejection == Some(Rejection::TooManyHeld) => CancelReason::TooManyHeld.into(),
        Event::Rejected => Cause { shortages: Some(Shortages(answer.shortages)), ..CancelReason::OutOfStock.into() },
        Event::NotHeld => CancelReason::Expired.into(),
        _ => Cause::default(),
    };
    Ok((event, cause))
}

/// Full jitter: orders that failed together do not come back together.
fn pause(failures: i32) -> Duration {
    let doublings = failures.clamp(0, 16).unsigned_abs();
    let longest = (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE);
    longest.mul_f64(rand::rng().random::<f64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The longest of many pauses after so many failures.
    fn longest(failures: i32) -> Duration {
        (0..2_000).map(|_| pause(failures)).max().unwrap_or_default()
    }

    #[test]
    fn pauses_double_with_every_failure_up_to_ten_seconds() {
        for (failures, millis) in [(-1, 200), (0, 200), (1, 400), (3, 1_600), (6, 10_000), (i32::MAX, 10_000)] {
            let (longest, bound) = (longest(failures), Duration::from_millis(millis));
            assert!(longest <= bound && longest > bound.mul_f64(0.9), "{failures}: {longest:?}");
        }
    }

    #[test]
    fn no_two_pauses_are_alike() {
        let pauses: std::collections::HashSet<_> = (0..20).map(|_| pause(5)).collect();
        assert!(pauses.len() > 10, "{pauses:?}");
    }
}

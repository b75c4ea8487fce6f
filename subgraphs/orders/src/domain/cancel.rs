//! Cancelling an order: possible until it was completed too long ago.

use std::time::Duration;

use client::Deadline;
use sea_orm::{DbErr, QueryFilter as _};
use subgraph::{Database, fingerprint, time};
use uuid::Uuid;

use super::{
    arrow::{self, Cause, take_in},
    drive::Driver,
    idempotency::{Earlier, Key},
    saga::Event,
};
use crate::entities::order::{self, CancelReason, State, Viewer};

/// Who asks to cancel which order, and what they say about it.
pub struct Wish {
    pub order_id: Uuid,
    /// Whose orders they may cancel.
    pub reach: Viewer,
    /// The one who asks.
    pub user: Uuid,
    pub note: Option<String>,
    /// Makes the request one that has its effect once.
    pub key: Option<String>,
}

impl Wish {
    fn key(&self) -> Option<Key> {
        let key = self.key.clone()?;
        let note = self.note.as_deref().unwrap_or_default();
        let request_hash = fingerprint([self.order_id.as_bytes(), note.as_bytes()].concat());
        Some(Key { user: self.user, operation: "cancelOrder", key, request_hash })
    }
}

/// What came of it.
pub enum Outcome {
    /// Cancelled, or on the way. An order that is cancelled already counts: asking twice is no failure.
    Order(Box<order::Model>),
    /// There is none that they may cancel.
    NotFound,
    /// The key stands for another wish.
    KeyReused,
    TooLate(Box<order::Model>),
}

/// Cancels an order, and returns it once it has settled, or as it is at `answer_by`. Stock of a completed order is
/// taken back up to `return_window` after its completion.
pub async fn cancel_order(
    database: &Database,
    driver: &Driver,
    wish: &Wish,
    return_window: Duration,
    answer_by: Deadline,
) -> Result<Outcome, DbErr> {
    let key = wish.key();
    loop {
        match earlier(database, key.as_ref()).await? {
            Earlier::Nothing => {}
            Earlier::Reused => return Ok(Outcome::KeyReused),
            Earlier::Order(_) => break,
        }
        let Some(order) = find(database, wish).await? else {
            return Ok(Outcome::NotFound);
        };
        if is_too_late(&order, return_window) && !is_under_way(&order) {
            return Ok(Outcome::TooLate(Box::new(order)));
        }
        if ask(database, &order, wish, key.as_ref()).await? {
            break;
        }
    }
    let order = driver.settle(wish.order_id, answer_by).await?;
    Ok(order.map_or(Outcome::NotFound, |order| Outcome::Order(Box::new(order))))
}

async fn earlier(database: &Database, key: Option<&Key>) -> Result<Earlier, DbErr> {
    match key {
        Some(key) => key.earlier(database).await,
        None => Ok(Earlier::Nothing),
    }
}

/// Writes the wish down, with its key. `false` when somebody else was faster: read again.
async fn ask(database: &Database, order: &order::Model, wish: &Wish, key: Option<&Key>) -> Result<bool, DbErr> {
    if is_under_way(order) && key.is_none() {
        return Ok(true);
    }
    let tx = database.begin().await?;
    if let Some(key) = key
        && !key.claim(&tx, order.id).await?
    {
        return Ok(false);
    }
    if is_under_way(order) {
        database.commit(tx, []).await?;
        return Ok(true);
    }
    match take_in(&tx, order, Event::CancelAsked, cause(wish, order)).await? {
        Some(taken) => arrow::commit(database, tx, &taken).await.map(|()| true),
        None => Ok(false),
    }
}

async fn find(database: &Database, wish: &Wish) -> Result<Option<order::Model>, DbErr> {
    order::Entity::seen_by(wish.reach).filter(order::COLUMN.id.eq(wish.order_id)).one(database.read()).await
}

fn is_under_way(order: &order::Model) -> bool {
    order.cancel_requested || matches!(order.saga_state, State::Cancelling | State::Cancelled | State::Returning)
}

fn is_too_late(order: &order::Model, return_window: Duration) -> bool {
    order
        .completed_at
        .and_then(|completed| (time::now() - completed).to_std().ok())
        .is_some_and(|since| since > return_window)
}

fn cause(wish: &Wish, order: &order::Model) -> Cause {
    let reason =
        if order.customer_id == wish.user { CancelReason::CustomerRequest } else { CancelReason::StaffRequest };
    Cause { note: wish.note.clone(), ..reason.into() }
}

//! Taking an arrow: a compare-and-swap on the order's row and the event that records it, in one transaction.

use std::{iter::once, time::Duration};

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveEnum as _, ActiveValue::Set, ColumnTrait as _, DatabaseTransaction, DbErr, EntityTrait as _,
    QueryFilter as _, prelude::Expr,
};
use serde_json::json;
use subgraph::{Database, fail_point, outbox, time};

use super::saga::{Effect, Event, Saga, step};
use crate::entities::{
    order::{self, CancelReason, Shortages, State},
    order_event,
};

/// How long whoever takes an arrow has the order to itself before the recovery worker looks after it. Longer than
/// two calls to inventory may take.
pub const LEASE: Duration = Duration::from_secs(10);

/// What goes into the order's row beside the arrow.
#[derive(Clone, Debug, Default)]
pub struct Cause {
    pub reason: Option<CancelReason>,
    pub note: Option<String>,
    pub shortages: Option<Shortages>,
}

impl From<CancelReason> for Cause {
    fn from(reason: CancelReason) -> Self {
        Self { reason: Some(reason), ..Self::default() }
    }
}

/// Applies an event to an order as it was read. `None` when the event changes nothing, or when somebody else has
/// changed the order since: read it again. Arrows that follow without asking anybody are taken in the same transaction.
/// Who watches the order is told.
pub async fn take(
    database: &Database,
    order: &order::Model,
    event: Event,
    cause: Cause,
) -> Result<Option<order::Model>, DbErr> {
    if step(Saga::of(order), event).is_none() {
        return Ok(None);
    }
    let tx = database.begin().await?;
    let taken = take_in(&tx, order, event, cause).await?;
    if let Some(taken) = &taken {
        commit(database, tx, taken).await?;
    }
    Ok(taken)
}

/// As [`take`], in a transaction of the caller's, which ends with [`commit`] when the arrow is taken.
pub async fn take_in(
    tx: &DatabaseTransaction,
    order: &order::Model,
    event: Event,
    cause: Cause,
) -> Result<Option<order::Model>, DbErr> {
    let now = time::now();
    let mut path = path(order, event, cause, now);
    let Some(last) = path.last() else {
        return Ok(None);
    };
    if !swap(tx, order, last).await? {
        return Ok(None);
    }
    let arrows = once(order).chain(&path).zip(&path).filter(|(from, to)| from.saga_state != to.saga_state);
    let (records, events): (Vec<_>, Vec<_>) =
        arrows.map(|(from, to)| (record(to, Some(from.saga_state), now), updated(to))).unzip();
    if !records.is_empty() {
        order_event::Entity::insert_many(records).exec_without_returning(tx).await?;
        outbox::put(tx, events).await?;
    }
    Ok(path.pop())
}

/// Ends the transaction in which the order has come to where it is.
pub async fn commit(database: &Database, tx: DatabaseTransaction, taken: &order::Model) -> Result<(), DbErr> {
    fail_point!("orders.arrow.before", taken.saga_state);
    database.commit(tx, [taken.id]).await?;
    fail_point!("orders.arrow.after", taken.saga_state);
    tracing::info!(order.id = %taken.id, state = ?taken.saga_state, "order moved");
    Ok(())
}

/// The order after the event, and after each arrow that it takes from there without asking anybody.
fn path(order: &order::Model, event: Event, cause: Cause, now: DateTime<Utc>) -> Vec<order::Model> {
    let mut path: Vec<order::Model> = Vec::new();
    let mut next = Some((event, cause));
    while let Some((event, cause)) = next {
        let from = path.last().unwrap_or(order);
        let Some((saga, effect)) = step(Saga::of(from), event) else { break };
        let to = after(from, saga, event, cause, due(effect));
        next = match due_effect(&to, now) {
            Effect::Raise(event) => Some((event, cause_of(event))),
            Effect::Ask(_) | Effect::Rest => None,
        };
        path.push(to);
    }
    path
}

/// What the order needs at this moment: past its deadline a purchase that is not decided is given up.
pub fn due_effect(order: &order::Model, now: DateTime<Utc>) -> Effect {
    let undecided = matches!(order.saga_state, State::Created | State::Reserved);
    if undecided && now >= order.deadline_at {
        return Effect::Raise(Event::DeadlinePassed);
    }
    Saga::of(order).effect()
}

/// Why an order raises an event by itself.
pub fn cause_of(event: Event) -> Cause {
    match event {
        Event::DeadlinePassed => CancelReason::TimedOut.into(),
        _ => Cause::default(),
    }
}

/// The event that says how the order came to where it is.
pub fn record(order: &order::Model, from: Option<State>, at: DateTime<Utc>) -> order_event::ActiveModel {
    let cancels = matches!(order.saga_state, State::Cancelling | State::Returning | State::Cancelled);
    let reason = order.cancel_reason.filter(|_| cancels);
    order_event::ActiveModel {
        order_id: Set(order.id),
        sequence: Set(order.version),
        from_state: Set(from),
        to_state: Set(order.saga_state),
        at: Set(at),
        detail: Set(reason.map(|reason| reason.to_value())),
    }
}

/// What other services are told of an order that moved.
pub fn updated(order: &order::Model) -> outbox::Event {
    let data = json!({
        "orderId": order.id,
        "version": order.version,
        "number": order.number,
        "customerId": order.customer_id,
        "status": order.status.to_value(),
        "totalMinor": order.total_minor,
        "currency": order.currency,
        "cancelReason": order.cancel_reason.map(|reason| reason.to_value()),
        "stockReleasedAt": order.stock_released_at,
    });
    outbox::Event { kind: "updated", key: order.id, data }
}

fn due(effect: Effect) -> Option<DateTime<Utc>> {
    (effect != Effect::Rest).then(|| time::now() + LEASE)
}

fn after(
    order: &order::Model,
    saga: Saga,
    event: Event,
    cause: Cause,
    next_attempt_at: Option<DateTime<Utc>>,
) -> order::Model {
    let (now, to) = (time::now(), saga.state);
    let moved = to != order.saga_state;
    let freed = matches!(event, Event::Released | Event::Returned | Event::NotHeld) && moved;
    order::Model {
        status: to.status(),
        saga_state: to,
        version: order.version + i32::from(moved),
        cancel_reason: cause.reason.or(order.cancel_reason),
        cancel_note: cause.note.or_else(|| order.cancel_note.clone()),
        cancel_requested: saga.cancel_requested,
        shortages: cause.shortages.or_else(|| order.shortages.clone()),
        stock_released_at: order.stock_released_at.or(freed.then_some(now)),
        next_attempt_at,
        attempts: 0,
        completed_at: order.completed_at.or((to == State::Completed).then_some(now)),
        cancelled_at: order.cancelled_at.or(matches!(to, State::Cancelling | State::Cancelled).then_some(now)),
        ..order.clone()
    }
}

/// Everything that [`step`] looked at is compared, so a wish to cancel that came meanwhile is not overlooked.
async fn swap(tx: &impl sea_orm::ConnectionTrait, order: &order::Model, next: &order::Model) -> Result<bool, DbErr> {
    let changes = order::ActiveModel {
        status: Set(next.status),
        saga_state: Set(next.saga_state),
        version: Set(next.version),
        cancel_reason: Set(next.cancel_reason),
        cancel_note: Set(next.cancel_note.clone()),
        cancel_requested: Set(next.cancel_requested),
        shortages: Set(next.shortages.clone()),
        stock_released_at: Set(next.stock_released_at),
        next_attempt_at: Set(next.next_attempt_at),
        attempts: Set(next.attempts),
        completed_at: Set(next.completed_at),
        cancelled_at: Set(next.cancelled_at),
        ..Default::default()
    };
    let swapped = order::Entity::update_many()
        .set(changes)
        .filter(order::COLUMN.id.eq(order.id))
        .filter(order::COLUMN.saga_state.eq(order.saga_state))
        .filter(order::COLUMN.version.eq(order.version))
        .filter(order::COLUMN.cancel_requested.eq(order.cancel_requested))
        .exec(tx)
        .await?;
    Ok(swapped.rows_affected == 1)
}

/// Leaves the order to the recovery worker until `at`, after a call whose outcome is not known.
pub async fn postpone(database: &Database, order: &order::Model, at: DateTime<Utc>) -> Result<(), DbErr> {
    order::Entity::update_many()
        .col_expr(order::Column::NextAttemptAt, Expr::value(at))
        .col_expr(order::Column::Attempts, Expr::value(order.attempts + 1))
        .filter(order::COLUMN.id.eq(order.id))
        .filter(order::COLUMN.saga_state.eq(order.saga_state))
        .filter(order::COLUMN.version.eq(order.version))
        .exec(database.write())
        .await
        .map(drop)
}

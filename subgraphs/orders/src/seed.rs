//! The orders of the demo market, each with the events that it would have left.

use chrono::{DateTime, Utc};
use demo::{Outcome, Size};
use sea_orm::{
    ActiveValue::NotSet, DatabaseTransaction, DbErr, EntityTrait as _, IntoActiveModel as _, PaginatorTrait as _,
};
use subgraph::Database;

use crate::{
    domain::arrow::record,
    entities::{
        order::{self, CancelReason, State},
        order_event, order_line,
    },
};

/// Orders written at a time; with 8 lines and 19 columns this stays under SQLite's 32,766 parameters a statement.
const BATCH: usize = 400;

/// Writes the orders, unless there are any already.
pub(crate) async fn fill(database: &Database, size: Size) -> Result<(), DbErr> {
    if order::Entity::find().count(database.read()).await? > 0 {
        return Ok(());
    }
    let tx = database.begin().await?;
    let mut orders = demo::orders(size).peekable();
    while orders.peek().is_some() {
        let batch: Vec<_> = orders.by_ref().take(BATCH).collect();
        write(&tx, &batch).await?;
    }
    tx.commit().await
}

async fn write(tx: &DatabaseTransaction, batch: &[demo::Order]) -> Result<(), DbErr> {
    // The database numbers them as it would new ones, so the next order's number follows.
    let rows = batch.iter().map(|order| order::ActiveModel { number: NotSet, ..row(order).into_active_model() });
    order::Entity::insert_many(rows).exec_without_returning(tx).await?;
    let lines = batch.iter().flat_map(lines);
    order_line::Entity::insert_many(lines).exec_without_returning(tx).await?;
    let events = batch.iter().flat_map(events);
    order_event::Entity::insert_many(events).exec_without_returning(tx).await?;
    Ok(())
}

/// The states that the order was in, oldest first.
fn trail(outcome: Outcome) -> [State; 4] {
    match outcome {
        Outcome::Completed => [State::Created, State::Reserved, State::Committing, State::Completed],
        Outcome::Cancelled => [State::Created, State::Reserved, State::Cancelling, State::Cancelled],
    }
}

/// When the order came into the state at this place of its trail: evenly from the first to the last.
fn moment(order: &demo::Order, place: i32) -> DateTime<Utc> {
    order.placed_at + (order.ended_at - order.placed_at) * place / 3
}

fn row(order: &demo::Order) -> order::Model {
    let [.., state] = trail(order.outcome);
    let cancelled = order.outcome == Outcome::Cancelled;
    order::Model {
        id: order.id,
        number: 0,
        customer_id: demo::user(order.customer).id,
        status: state.status(),
        saga_state: state,
        version: 4,
        total_minor: order.lines.iter().map(|line| demo::product(line.product).price_minor * line.quantity).sum(),
        currency: "EUR".to_owned(),
        cancel_reason: cancelled.then_some(CancelReason::CustomerRequest),
        cancel_note: None,
        cancel_requested: false,
        shortages: None,
        stock_released_at: cancelled.then_some(order.ended_at),
        deadline_at: order.placed_at + std::time::Duration::from_secs(30),
        next_attempt_at: None,
        attempts: 0,
        created_at: order.placed_at,
        completed_at: (!cancelled).then_some(order.ended_at),
        cancelled_at: cancelled.then(|| moment(order, 2)),
    }
}

fn lines(order: &demo::Order) -> impl Iterator<Item = order_line::ActiveModel> {
    order.lines.iter().zip(0..).map(|(line, position)| {
        let product = demo::product(line.product);
        order_line::Model {
            id: line.id,
            order_id: order.id,
            position,
            product_id: product.id,
            sku: product.sku,
            name: product.name,
            unit_price_minor: product.price_minor,
            quantity: line.quantity,
        }
        .into_active_model()
    })
}

/// Each event is what the order would have recorded in that state.
fn events(order: &demo::Order) -> impl Iterator<Item = order_event::ActiveModel> {
    let (end, states) = (row(order), trail(order.outcome));
    (0..4).zip(states).map(move |(place, state)| {
        let then = order::Model { saga_state: state, version: place + 1, ..end.clone() };
        let from = usize::try_from(place - 1).ok().and_then(|before| states.get(before));
        record(&then, from.copied(), moment(order, place))
    })
}

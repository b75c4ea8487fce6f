//! Placing an order: price it from the catalogue, write it down, drive it.

use std::time::Duration;

use client::Deadline;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    EntityTrait as _, IntoActiveModel as _,
};
use subgraph::{Database, Error, Money, Result, fail_point, outbox, time};
use uuid::Uuid;

use super::{
    arrow::{LEASE, record, updated},
    drive::Driver,
    idempotency::{Earlier, Key},
    pricing::{Priced, Quote, quote},
    purchase::{Purchase, Refusal},
};
use crate::{
    entities::{
        order::{self, State, Status},
        order_event, order_line,
    },
    upstream::catalogue::Catalogue,
};

/// How long a purchase may stay undecided.
const DECIDED_WITHIN: Duration = Duration::from_secs(30);

/// What came of a wish to buy.
pub enum Placed {
    /// The order, new or of an earlier request with the same key. It may be cancelled for want of stock.
    Order(Box<order::Model>),
    /// No order was made by this request.
    Refused(Vec<Refusal>),
}

/// Places an order, once for each key of a customer, and returns it once it has settled, or as it is at `answer_by`.
/// The call to the catalogue ends by `deadline`.
pub async fn place_order(
    database: &Database,
    catalogue: &Catalogue,
    driver: &Driver,
    purchase: &Purchase,
    deadline: Deadline,
    answer_by: Deadline,
) -> Result<Placed> {
    let key = Key {
        user: purchase.customer,
        operation: "placeOrder",
        key: purchase.key.clone(),
        request_hash: purchase.fingerprint(),
    };
    fail_point!("orders.catalogue.before");
    let quote = quote(catalogue, purchase, deadline).await;
    fail_point!("orders.catalogue.after");
    if let Ok(Ok(quote)) = &quote
        && let Some((order, lines)) = write(database, purchase, &key, quote).await?
    {
        return placed(driver.settle_new(order, lines, answer_by).await?);
    }
    // A key that is taken keeps its answer, whatever the catalogue says by now.
    if let Some(answer) = replay(database, driver, &key, answer_by).await? {
        return Ok(answer);
    }
    quote?.err().map(Placed::Refused).ok_or(Error::Unavailable)
}

/// The answer of an earlier request with the key, if there was one.
async fn replay(database: &Database, driver: &Driver, key: &Key, answer_by: Deadline) -> Result<Option<Placed>> {
    match key.earlier(database).await? {
        Earlier::Nothing => Ok(None),
        Earlier::Reused => Ok(Some(Placed::Refused(vec![Refusal::KeyReused]))),
        Earlier::Order(id) => placed(driver.watch(id, answer_by).await?).map(Some),
    }
}

fn placed(order: Option<order::Model>) -> Result<Placed> {
    order.map(|order| Placed::Order(Box::new(order))).ok_or(Error::Unavailable)
}

/// Writes key, order, lines and first event, all or nothing. `None` when the key is taken.
async fn write(
    database: &Database,
    purchase: &Purchase,
    key: &Key,
    quote: &Quote<'_>,
) -> Result<Option<(order::Model, Vec<order_line::Model>)>> {
    let id = Uuid::now_v7();
    let lines: Vec<_> = quote.lines.iter().zip(0..).map(|(line, position)| line_row(id, line, position)).collect();
    let tx = database.begin().await?;
    let order = order::Entity::insert(order_row(id, purchase, quote.total)).exec_with_returning(&tx).await?;
    if !key.claim(&tx, id).await? {
        return Ok(None);
    }
    let rows = lines.iter().cloned().map(order_line::Model::into_active_model);
    order_line::Entity::insert_many(rows).exec_without_returning(&tx).await?;
    order_event::Entity::insert(record(&order, None, order.created_at)).exec_without_returning(&tx).await?;
    outbox::put(&tx, [updated(&order)]).await?;
    fail_point!("orders.place.before");
    database.commit(tx, [id]).await?;
    fail_point!("orders.place.after");
    tracing::info!(order.id = %id, order.number = order.number, "order placed");
    Ok(Some((order, lines)))
}

fn order_row(id: Uuid, purchase: &Purchase, total: Money) -> order::ActiveModel {
    let now = time::now();
    order::ActiveModel {
        id: Set(id),
        number: NotSet,
        customer_id: Set(purchase.customer),
        status: Set(Status::Pending),
        saga_state: Set(State::Created),
        version: Set(1),
        total_minor: Set(total.minor),
        currency: Set(total.currency.code().to_owned()),
        cancel_reason: Set(None),
        cancel_note: Set(None),
        cancel_requested: Set(false),
        shortages: Set(None),
        stock_released_at: Set(None),
        deadline_at: Set(now + DECIDED_WITHIN),
        next_attempt_at: Set(Some(now + LEASE)),
        attempts: Set(0),
        created_at: Set(now),
        completed_at: Set(None),
        cancelled_at: Set(None),
    }
}

fn line_row(order_id: Uuid, line: &Priced<'_>, position: i32) -> order_line::Model {
    order_line::Model {
        id: Uuid::now_v7(),
        order_id,
        position,
        product_id: line.wanted.product_id,
        sku: line.offer.sku.clone(),
        name: line.offer.name.clone(),
        unit_price_minor: line.offer.price.minor,
        quantity: line.wanted.quantity,
    }
}

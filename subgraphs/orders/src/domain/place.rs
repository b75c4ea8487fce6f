//! Placing an order: price it from the catalogue, write it down, drive it.

use std::time::Duration;

use client::Deadline;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    DatabaseTransaction, DbErr, EntityTrait as _, IntoActiveModel as _, SqlErr,
};
use subgraph::{Database, Error, Money, Result, time};
use uuid::Uuid;

use super::{
    arrow::{LEASE, record},
    drive::Driver,
    pricing::{Priced, Quote, quote},
    purchase::{Purchase, Refusal},
};
use crate::{
    entities::{
        idempotency_key,
        order::{self, State, Status},
        order_event, order_line,
    },
    upstream::catalogue::Catalogue,
};

const OPERATION: &str = "placeOrder";

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
    if let Some(earlier) = find_key(database, purchase).await? {
        return replay(driver, purchase, &earlier, answer_by).await;
    }
    let quote = match quote(catalogue, purchase, deadline).await? {
        Ok(quote) => quote,
        Err(refusals) => return Ok(Placed::Refused(refusals)),
    };
    match write(database, purchase, &quote).await? {
        Some(id) => placed(driver.settle(id, answer_by).await?),
        // Somebody used the key while prices were looked up, and has committed.
        None => match find_key(database, purchase).await? {
            Some(earlier) => replay(driver, purchase, &earlier, answer_by).await,
            None => Err(Error::Unavailable),
        },
    }
}

async fn find_key(database: &Database, purchase: &Purchase) -> Result<Option<idempotency_key::Model>, DbErr> {
    let id = (purchase.customer, OPERATION.to_owned(), purchase.key.clone());
    idempotency_key::Entity::find_by_id(id).one(database.read()).await
}

async fn replay(
    driver: &Driver,
    purchase: &Purchase,
    earlier: &idempotency_key::Model,
    answer_by: Deadline,
) -> Result<Placed> {
    if earlier.request_hash != purchase.fingerprint() {
        return Ok(Placed::Refused(vec![Refusal::KeyReused]));
    }
    placed(driver.watch(earlier.order_id, answer_by).await?)
}

fn placed(order: Option<order::Model>) -> Result<Placed> {
    order.map(|order| Placed::Order(Box::new(order))).ok_or(Error::Unavailable)
}

/// Writes key, order, lines and first event, all or nothing. `None` when the key is taken.
async fn write(database: &Database, purchase: &Purchase, quote: &Quote<'_>) -> Result<Option<Uuid>> {
    let id = Uuid::now_v7();
    let tx = database.begin().await?;
    let order = order::Entity::insert(order_row(id, purchase, quote.total)).exec_with_returning(&tx).await?;
    if !claim_key(&tx, purchase, id).await? {
        return Ok(None);
    }
    order_line::Entity::insert_many(quote.lines.iter().zip(0..).map(|(line, position)| line_row(id, line, position)))
        .exec_without_returning(&tx)
        .await?;
    order_event::Entity::insert(record(&order, None, order.created_at)).exec_without_returning(&tx).await?;
    // Nobody can be watching an order whose id nobody knows.
    tx.commit().await?;
    tracing::info!(order.id = %id, order.number = order.number, "order placed");
    Ok(Some(id))
}

/// The primary key of the keys decides between requests that come at once.
async fn claim_key(tx: &DatabaseTransaction, purchase: &Purchase, order_id: Uuid) -> Result<bool, DbErr> {
    let key = idempotency_key::Model {
        user_id: purchase.customer,
        operation: OPERATION.to_owned(),
        key: purchase.key.clone(),
        request_hash: purchase.fingerprint(),
        order_id,
        created_at: time::now(),
    };
    let inserted = idempotency_key::Entity::insert(key.into_active_model()).exec_without_returning(tx).await;
    match inserted {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => Ok(false),
        Err(error) => Err(error),
    }
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

fn line_row(order_id: Uuid, line: &Priced<'_>, position: i32) -> order_line::ActiveModel {
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
    .into_active_model()
}

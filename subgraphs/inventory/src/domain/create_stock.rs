//! Beginning to stock a product.

use client::Deadline;
use sea_orm::{DbErr, EntityTrait as _, IntoActiveModel as _, SqlErr, prelude::DateTimeUtc};
use subgraph::{Database, fail_point, outbox, time};
use uuid::Uuid;

use super::{
    ledger::{self, Cause},
    stock::Stock,
};
use crate::{
    entities::{
        movement::{self, Kind},
        stock::{self, Shift},
    },
    products::Products,
};

/// The first stock of a product at a location.
#[derive(Clone, Debug)]
pub(crate) struct NewStock {
    pub product: Uuid,
    pub location: Uuid,
    pub on_hand: i64,
    pub backorder_limit: i64,
    pub low_stock_threshold: Option<i64>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum CreateError {
    #[error("there is no such product")]
    ProductNotFound,
    #[error("there is no such location")]
    LocationNotFound,
    #[error("the product has stock there already")]
    Exists,
    /// Whether the product exists could not be found out.
    #[error(transparent)]
    Products(subgraph::Error),
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Asks `products` whether the product exists, then writes its stock and the first row of its ledger. Nothing is
/// written when `products` does not answer.
pub(crate) async fn create(
    database: &Database,
    products: &Products,
    new: &NewStock,
    actor: &str,
    deadline: Deadline,
) -> Result<Stock, CreateError> {
    fail_point!("inventory.products.before");
    let exists = products.exists(new.product, deadline).await.map_err(CreateError::Products)?;
    fail_point!("inventory.products.after");
    if exists { write(database, new, actor).await } else { Err(CreateError::ProductNotFound) }
}

async fn write(database: &Database, new: &NewStock, actor: &str) -> Result<Stock, CreateError> {
    let now = time::now();
    let cause = first(actor);
    let (row, movement) = first_stock(new, &cause, now);
    let tx = database.begin().await?;
    if !stock::claim(&tx, &row).await.map_err(or_location)? {
        return Err(CreateError::Exists);
    }
    movement::Entity::insert(movement.into_active_model()).exec_without_returning(&tx).await?;
    let stock = Stock { levels: stock::lock(&tx, [new.product]).await? };
    outbox::put(&tx, [ledger::stock_changed(&stock, &cause)]).await?;
    fail_point!("inventory.create.before");
    database.commit(tx, [new.product]).await?;
    fail_point!("inventory.create.after");
    Ok(stock)
}

/// All that a row of stock refers to is its location.
fn or_location(error: DbErr) -> CreateError {
    match error.sql_err() {
        Some(SqlErr::ForeignKeyConstraintViolation(_)) => CreateError::LocationNotFound,
        _ => error.into(),
    }
}

/// A stock's first row and its first movement.
pub(crate) fn first_stock(new: &NewStock, cause: &Cause<'_>, at: DateTimeUtc) -> (stock::Model, movement::Model) {
    let before = ledger::empty(new.product, new.location, new.backorder_limit, at);
    let first = Shift { on_hand: new.on_hand, reserved: 0 };
    let row = stock::Model { low_stock_threshold: new.low_stock_threshold, ..before.shifted(first, at) };
    let movement = ledger::movement(&before, &row, cause);
    (row, movement)
}

/// Why a first stock is there.
pub(crate) fn first(actor: &str) -> Cause<'_> {
    Cause { kind: Kind::Initial, reason: "first stock", actor, reference: None }
}

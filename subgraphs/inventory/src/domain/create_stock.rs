//! Beginning to stock a product.

use client::Deadline;
use sea_orm::{DbErr, EntityTrait as _, IntoActiveModel as _, SqlErr, prelude::DateTimeUtc};
use subgraph::{Database, time};
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
    let exists = products.exists(new.product, deadline).await.map_err(CreateError::Products)?;
    if exists { write(database, new, actor).await } else { Err(CreateError::ProductNotFound) }
}

async fn write(database: &Database, new: &NewStock, actor: &str) -> Result<Stock, CreateError> {
    let now = time::now();
    let (row, movement) = first_stock(new, actor, now);
    let tx = database.begin().await?;
    if !stock::claim(&tx, &row).await.map_err(or_location)? {
        return Err(CreateError::Exists);
    }
    movement::Entity::insert(movement.into_active_model()).exec_without_returning(&tx).await?;
    let levels = stock::of_products(&tx, [new.product]).await?;
    database.commit(tx, [new.product]).await?;
    Ok(Stock { levels })
}

/// All that a row of stock refers to is its location.
fn or_location(error: DbErr) -> CreateError {
    match error.sql_err() {
        Some(SqlErr::ForeignKeyConstraintViolation(_)) => CreateError::LocationNotFound,
        _ => error.into(),
    }
}

/// A stock's first row and its first movement.
pub(crate) fn first_stock(new: &NewStock, actor: &str, at: DateTimeUtc) -> (stock::Model, movement::Model) {
    let before = ledger::empty(new.product, new.location, new.backorder_limit, at);
    let first = Shift { on_hand: new.on_hand, reserved: 0 };
    let row = stock::Model { low_stock_threshold: new.low_stock_threshold, ..before.shifted(first, at) };
    let cause = Cause { kind: Kind::Initial, reason: "first stock", actor, reference: None };
    let movement = ledger::movement(&before, &row, &cause);
    (row, movement)
}

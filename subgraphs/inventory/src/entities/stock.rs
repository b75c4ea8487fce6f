//! How many units of a product lie at a location, and how many of them are promised.

use sea_orm::{
    DatabaseTransaction, ExprTrait as _, FromQueryResult, IntoActiveModel as _, PaginatorTrait as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, TryInsertResult,
    entity::prelude::*,
    sea_query::{LockType, SubQueryStatement},
};
use serde::{Deserialize, Serialize};

use super::{location, reservation_line};

/// The most units that staff may set, and the largest back-order limit: what can be ordered stays within GraphQL's
/// 32-bit `Int`. Returned units may go beyond it.
pub(crate) const MAX_UNITS: i64 = 1_000_000_000;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "stock")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_id: Uuid,
    /// Answers that were kept before there were locations have none.
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(default = "default_location")]
    pub location_id: Uuid,
    pub on_hand: i64,
    /// Promised to reservations that are held.
    pub reserved: i64,
    /// How many units may be promised beyond those on hand.
    pub backorder_limit: i64,
    /// From how few available units on the stock is low; none, and it never is. The column `low` says whether it is.
    pub low_stock_threshold: Option<i64>,
    /// Counts the changes: the ledger has one row for each.
    pub version: i64,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// Units that one change adds; negative ones are taken away.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    pub on_hand: i64,
    pub reserved: i64,
}

fn default_location() -> Uuid {
    location::DEFAULT
}

impl Model {
    /// The row's place in the order of locks.
    pub(crate) fn key(&self) -> (Uuid, Uuid) {
        (self.product_id, self.location_id)
    }

    /// Units that can be ordered now, back-orders included. Never negative.
    pub(crate) fn available(&self) -> i64 {
        self.on_hand - self.reserved + self.backorder_limit
    }

    /// Whether a unit lies here that nobody was promised.
    pub(crate) fn in_stock(&self) -> bool {
        self.on_hand > self.reserved
    }

    pub(crate) fn is_low(&self) -> bool {
        self.low_stock_threshold.is_some_and(|threshold| self.available() <= threshold)
    }

    /// The row after a change made at `at`.
    pub(crate) fn shifted(&self, shift: Shift, at: DateTimeUtc) -> Self {
        Self {
            on_hand: self.on_hand + shift.on_hand,
            reserved: self.reserved + shift.reserved,
            version: self.version + 1,
            updated_at: at,
            ..self.clone()
        }
    }
}

/// The rows of these products at all locations, in the order of product and location ids, locked until the transaction
/// ends. Products without stock have none. `FOR NO KEY UPDATE`: keys never change, so rows that refer to these may be written meanwhile.
pub(crate) async fn lock(
    tx: &DatabaseTransaction,
    products: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Model>, DbErr> {
    to_lock(COLUMN.product_id.is_in(products)).all(tx).await
}

fn to_lock(which: Expr) -> Select<Entity> {
    in_order(Entity::find().filter(which)).lock(LockType::NoKeyUpdate)
}

fn in_order(select: Select<Entity>) -> Select<Entity> {
    select.order_by_asc(COLUMN.product_id).order_by_asc(COLUMN.location_id)
}

/// A row, and how soon orders take from its location: small numbers first.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Ranked {
    #[sea_orm(nested)]
    pub row: Model,
    pub priority: i32,
}

/// As [`lock`].
pub(crate) async fn lock_ranked(
    tx: &DatabaseTransaction,
    products: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Ranked>, DbErr> {
    let of_row = location::Column::Id.into_expr().equals((Entity, Column::LocationId));
    let priority = location::Entity::find().select_only().column(location::Column::Priority).filter(of_row);
    to_lock(COLUMN.product_id.is_in(products)).column_as(beside(priority), "priority").into_model().all(tx).await
}

/// A row, and how many units of it a reservation has, if it has some.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Held {
    #[sea_orm(nested)]
    pub row: Model,
    pub quantity: Option<i64>,
}

/// As [`lock`], for all products of a reservation.
pub(crate) async fn lock_held(tx: &DatabaseTransaction, reservation: Uuid) -> Result<Vec<Held>, DbErr> {
    let lines =
        reservation_line::Entity::find().select_only().filter(reservation_line::COLUMN.reservation_id.eq(reservation));
    let products = lines.clone().column(reservation_line::Column::ProductId).into_query();
    let quantity = lines
        .column(reservation_line::Column::Quantity)
        .filter(reservation_line::Column::ProductId.into_expr().equals((Entity, Column::ProductId)))
        .filter(reservation_line::Column::LocationId.into_expr().equals((Entity, Column::LocationId)));
    to_lock(COLUMN.product_id.in_subquery(products)).column_as(beside(quantity), "quantity").into_model().all(tx).await
}

/// What another table says of a row, as a subquery: a join would lock the other table's rows, too.
fn beside<E: EntityTrait>(select: Select<E>) -> Expr {
    Expr::from(SubQueryStatement::from(select.into_query()))
}

/// The rows of these products, in the order of product and location ids.
pub(crate) async fn of_products(
    connection: &impl ConnectionTrait,
    products: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Model>, DbErr> {
    in_order(Entity::find().filter(COLUMN.product_id.is_in(products))).all(connection).await
}

/// Products that are low at a location, in the order of their ids, after the given one.
pub(crate) async fn low(
    connection: &impl ConnectionTrait,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Uuid>, DbErr> {
    page_of_low(after, limit).into_tuple().all(connection).await
}

fn page_of_low(after: Option<Uuid>, limit: u64) -> Select<Entity> {
    let after = COLUMN.product_id.gt(after.unwrap_or(Uuid::nil()));
    low_products().filter(after).order_by_asc(COLUMN.product_id).limit(limit)
}

fn low_products() -> Select<Entity> {
    Entity::find().select_only().column(Column::ProductId).distinct().filter(Expr::col("low"))
}

pub(crate) async fn count_low(connection: &impl ConnectionTrait) -> Result<u64, DbErr> {
    low_products().count(connection).await
}

pub(crate) async fn set_threshold(
    tx: &DatabaseTransaction,
    (product, location): (Uuid, Uuid),
    threshold: Option<i64>,
) -> Result<(), DbErr> {
    let update = Entity::update_many().col_expr(Column::LowStockThreshold, Expr::value(threshold));
    let row = update.filter(COLUMN.product_id.eq(product)).filter(COLUMN.location_id.eq(location));
    row.exec(tx).await.map(drop)
}

/// Writes the first row of a product at a location, unless it has one: then `false`.
pub(crate) async fn claim(tx: &DatabaseTransaction, row: &Model) -> Result<bool, DbErr> {
    let insert = Entity::insert(row.clone().into_active_model()).on_conflict_do_nothing();
    Ok(matches!(insert.exec_without_returning(tx).await?, TryInsertResult::Inserted(1)))
}

/// Makes a change, unless it would leave fewer units than none or more promised than there may be: then `false`.
pub(crate) async fn shift(
    tx: &DatabaseTransaction,
    (product, location): (Uuid, Uuid),
    shift: Shift,
    at: DateTimeUtc,
) -> Result<bool, DbErr> {
    let (on_hand, reserved) = (Expr::col(Column::OnHand), Expr::col(Column::Reserved));
    let available = on_hand.clone().sub(reserved.clone()).add(Expr::col(Column::BackorderLimit));
    let update = Entity::update_many()
        .col_expr(Column::OnHand, on_hand.clone().add(shift.on_hand))
        .col_expr(Column::Reserved, reserved.clone().add(shift.reserved))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, Expr::value(at))
        .filter(COLUMN.product_id.eq(product))
        .filter(COLUMN.location_id.eq(location))
        .filter(on_hand.gte(-shift.on_hand))
        .filter(reserved.gte(-shift.reserved))
        .filter(available.gte(shift.reserved - shift.on_hand));
    Ok(update.exec(tx).await?.rows_affected == 1)
}

#[cfg(test)]
mod tests {
    use sea_orm::{DatabaseBackend, QueryTrait as _};
    use subgraph::{Database, DatabaseSettings};
    use testing::database;

    use super::*;
    use crate::Migrator;

    #[tokio::test]
    async fn a_page_of_what_is_low_is_read_from_an_index_of_what_is_low() {
        for place in [Some(database::sqlite()), database::postgres().await].into_iter().flatten() {
            let settings = DatabaseSettings { url: place.url.clone(), max_connections: 1, ..Default::default() };
            let database = Database::connect(&settings).await.unwrap();
            database.migrate::<Migrator>().await.unwrap();
            let (explain, plan) = match database.backend() {
                DatabaseBackend::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
                _ => ("EXPLAIN", "QUERY PLAN"),
            };
            let mut statement = page_of_low(Some(Uuid::nil()), 21).build(database.backend());
            statement.sql = format!("{explain} {}", statement.sql);
            let rows = database.write().query_all_raw(statement).await.unwrap();
            let steps: Vec<String> = rows.iter().map(|row| row.try_get("", plan).unwrap()).collect();
            assert!(steps.iter().any(|step| step.contains("stock_low")), "{steps:#?}");
        }
    }
}

//! Units promised to one order; the reservation's id is the order's.

use sea_orm::{
    DatabaseBackend, DatabaseTransaction, ExprTrait as _, FromJsonQueryResult, IntoActiveModel as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _,
    entity::prelude::*,
    sea_query::{Func, LockBehavior, LockType, OnConflict, Query},
};
use serde::{Deserialize, Serialize};

use super::reservation_line;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reservations")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose order it is; none where nobody said.
    pub customer_id: Option<Uuid>,
    pub status: Status,
    /// What was asked for. None when the release came before the request: the row then only remembers that.
    pub request_hash: Option<String>,
    /// When a held reservation gives its units back.
    pub expires_at: Option<DateTimeUtc>,
    /// Why the request was rejected; none in rows that were rejected before this was kept, for a shortage.
    pub rejection: Option<Rejection>,
    /// What was short, where that is why.
    pub shortages: Option<Shortages>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "UPPERCASE")]
pub enum Status {
    Held,
    Rejected,
    Committed,
    Released,
    Returned,
    Expired,
}

/// Why a request was rejected.
#[derive(Copy, Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub(crate) enum Rejection {
    #[sea_orm(string_value = "OUT_OF_STOCK")]
    OutOfStock,
    /// The customer would hold more than anybody may.
    #[sea_orm(string_value = "TOO_MANY_HELD")]
    TooManyHeld,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub(crate) struct Shortages(pub Vec<Shortage>);

/// A product of which an order asked more than there was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shortage {
    pub product_id: Uuid,
    pub requested: i64,
    pub available: i64,
}

/// Writes a new reservation, unless its id is taken: then `false`. On PostgreSQL it waits for a transaction that is
/// about to take the id.
///
/// Until this transaction ends, others that claim for the same customer wait for it, so that each counts what all earlier
/// ones hold. Two customers wait for each other only where the last halves of their ids are the same. SQLite has one
/// writer anyway.
pub(crate) async fn claim(tx: &DatabaseTransaction, row: &Model) -> Result<bool, DbErr> {
    let mut insert = Entity::insert(row.clone().into_active_model()).into_query();
    insert.on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned());
    let claimed = match row.customer_id {
        Some(customer) if tx.get_database_backend() == DatabaseBackend::Postgres => {
            let lock = Func::cust("pg_advisory_xact_lock").arg(customer.as_u64_pair().1.cast_signed());
            insert.returning(Query::returning().expr(lock));
            tx.query_one(&insert).await?.is_some()
        }
        _ => tx.execute(&insert).await?.rows_affected() == 1,
    };
    Ok(claimed)
}

/// The row, locked until the transaction ends.
pub(crate) async fn lock(tx: &DatabaseTransaction, id: Uuid) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).lock_exclusive().one(tx).await
}

/// Units that reservations of this customer hold.
pub(crate) async fn units_held(tx: &DatabaseTransaction, customer: Uuid) -> Result<i64, DbErr> {
    let held = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(COLUMN.customer_id.eq(customer))
        .and_where(COLUMN.status.eq(Status::Held))
        .to_owned();
    let units: Option<Option<i64>> = reservation_line::Entity::find()
        .select_only()
        .expr(Expr::col(reservation_line::Column::Quantity).sum().cast_as("bigint"))
        .filter(reservation_line::COLUMN.reservation_id.in_subquery(held))
        .into_tuple()
        .one(tx)
        .await?;
    Ok(units.flatten().unwrap_or(0))
}

/// Ids of held reservations whose time has passed, the longest overdue first.
pub(crate) async fn due(connection: &impl ConnectionTrait, now: DateTimeUtc, limit: u64) -> Result<Vec<Uuid>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(COLUMN.status.eq(Status::Held))
        .filter(COLUMN.expires_at.lte(now))
        .order_by_asc(COLUMN.expires_at)
        .limit(limit)
        .into_tuple()
        .all(connection)
        .await
}

/// When the time of the held reservation passed that is overdue for longest.
pub(crate) async fn longest_overdue(
    connection: &impl ConnectionTrait,
    now: DateTimeUtc,
) -> Result<Option<DateTimeUtc>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::ExpiresAt)
        .filter(COLUMN.status.eq(Status::Held))
        .filter(COLUMN.expires_at.lte(now))
        .order_by_asc(COLUMN.expires_at)
        .into_tuple()
        .one(connection)
        .await
}

/// Locks the row if it is still due: `false` when it is not, or when another replica is at it.
pub(crate) async fn lock_due(tx: &DatabaseTransaction, id: Uuid, now: DateTimeUtc) -> Result<bool, DbErr> {
    let due = Entity::find_by_id(id)
        .filter(COLUMN.status.eq(Status::Held))
        .filter(COLUMN.expires_at.lte(now))
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    Ok(due.one(tx).await?.is_some())
}

/// Compare and swap of the status: the row as it is then, locked until the transaction ends, or none when the status is
/// not `from`.
pub(crate) async fn advance(
    tx: &DatabaseTransaction,
    id: Uuid,
    from: Status,
    to: Status,
    at: DateTimeUtc,
) -> Result<Option<Model>, DbErr> {
    let update = Entity::update_many()
        .col_expr(Column::Status, Expr::value(to))
        .col_expr(Column::UpdatedAt, Expr::value(at))
        .filter(COLUMN.id.eq(id))
        .filter(COLUMN.status.eq(from));
    Ok(update.exec_with_returning(tx).await?.pop())
}

/// Turns a reservation that this transaction has claimed into a rejection.
pub(crate) async fn reject(
    tx: &DatabaseTransaction,
    claimed: Model,
    rejection: Rejection,
    shortages: Vec<Shortage>,
) -> Result<Model, DbErr> {
    let rejected = Model {
        status: Status::Rejected,
        expires_at: None,
        rejection: Some(rejection),
        shortages: Some(Shortages(shortages)),
        ..claimed
    };
    let row = rejected.clone().into_active_model().reset_all();
    Entity::update(row).exec_without_returning(tx).await?;
    Ok(rejected)
}

//! Units promised to one order; the reservation's id is the order's.

use sea_orm::{
    DatabaseTransaction, FromJsonQueryResult, IntoActiveModel as _, QueryOrder as _, QuerySelect as _, TryInsertResult,
    entity::prelude::*,
    sea_query::{LockBehavior, LockType},
};
use serde::{Deserialize, Serialize};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reservations")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub status: Status,
    /// What was asked for. None when the release came before the request: the row then only remembers that.
    pub request_hash: Option<String>,
    /// When a held reservation gives its units back.
    pub expires_at: Option<DateTimeUtc>,
    /// Why the request was rejected.
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
pub(crate) async fn claim(tx: &DatabaseTransaction, row: &Model) -> Result<bool, DbErr> {
    let insert = Entity::insert(row.clone().into_active_model()).on_conflict_do_nothing();
    Ok(matches!(insert.exec_without_returning(tx).await?, TryInsertResult::Inserted(1)))
}

/// The row, locked until the transaction ends.
pub(crate) async fn lock(tx: &DatabaseTransaction, id: Uuid) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).lock_exclusive().one(tx).await
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

/// The row if it is still due, locked; none when it is not, or when another replica is at it.
pub(crate) async fn lock_due(tx: &DatabaseTransaction, id: Uuid, now: DateTimeUtc) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id)
        .filter(COLUMN.status.eq(Status::Held))
        .filter(COLUMN.expires_at.lte(now))
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .one(tx)
        .await
}

/// Compare and swap of the status: `false` when it is not `from` any more.
pub(crate) async fn advance(
    tx: &DatabaseTransaction,
    id: Uuid,
    from: Status,
    to: Status,
    at: DateTimeUtc,
) -> Result<bool, DbErr> {
    let update = Entity::update_many()
        .col_expr(Column::Status, Expr::value(to))
        .col_expr(Column::UpdatedAt, Expr::value(at))
        .filter(COLUMN.id.eq(id))
        .filter(COLUMN.status.eq(from));
    Ok(update.exec(tx).await?.rows_affected == 1)
}

/// Turns a reservation that this transaction has claimed into a rejection.
pub(crate) async fn reject(tx: &DatabaseTransaction, claimed: Model, shortages: Vec<Shortage>) -> Result<Model, DbErr> {
    let rejected =
        Model { status: Status::Rejected, expires_at: None, shortages: Some(Shortages(shortages)), ..claimed };
    let row = rejected.clone().into_active_model().reset_all();
    Entity::update(row).exec_without_returning(tx).await?;
    Ok(rejected)
}

//! Answers that were given, kept so that a repeated request gets the same one.

use sea_orm::{DatabaseTransaction, IntoActiveModel as _, TryInsertResult, entity::prelude::*};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_keys")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub actor: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub operation: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    pub request_hash: String,
    /// None only inside the transaction that is working on it.
    pub response: Option<Json>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// Writes a new key, unless the actor has used it: then `false`. On PostgreSQL it waits for a transaction that is
/// about to use it.
pub(crate) async fn claim(tx: &DatabaseTransaction, row: &Model) -> Result<bool, DbErr> {
    let insert = Entity::insert(row.clone().into_active_model()).on_conflict_do_nothing();
    Ok(matches!(insert.exec_without_returning(tx).await?, TryInsertResult::Inserted(1)))
}

/// Forgets keys that are older; how many.
pub(crate) async fn forget(connection: &impl ConnectionTrait, before: DateTimeUtc) -> Result<u64, DbErr> {
    let delete = Entity::delete_many().filter(COLUMN.created_at.lt(before));
    Ok(delete.exec(connection).await?.rows_affected)
}

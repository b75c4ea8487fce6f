//! The catalogue's rules. Nothing here knows of GraphQL's execution, and every change is one
//! transaction or one statement.

pub(crate) mod archive;
pub(crate) mod create;
pub(crate) mod listing;
mod rules;
pub(crate) mod update;

use sea_orm::{ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _, SqlErr};
use uuid::Uuid;

use crate::entities::product::{COLUMN, Entity, Model};

/// Why a change did not happen.
#[derive(Debug)]
pub(crate) enum Failure<R> {
    /// The change breaks rules of the catalogue: all of them that could be told at once.
    Refused(Vec<R>),
    Fault(DbErr),
}

impl<R> From<DbErr> for Failure<R> {
    fn from(error: DbErr) -> Self {
        Self::Fault(error)
    }
}

impl<R> Failure<R> {
    fn refused(refusal: R) -> Self {
        Self::Refused(vec![refusal])
    }
}

/// The row, held against other writers until the transaction ends: by a row lock on PostgreSQL, by
/// the transaction itself on SQLite.
async fn held<C: ConnectionTrait>(transaction: &C, id: Uuid) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).lock_exclusive().one(transaction).await
}

async fn slug_is_taken<C: ConnectionTrait>(connection: &C, slug: &str) -> Result<bool, DbErr> {
    let holder = Entity::find().filter(COLUMN.slug.eq(slug)).one(connection).await?;
    Ok(holder.is_some())
}

fn is_unique_violation(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

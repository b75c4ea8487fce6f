//! A product is no longer sold. It keeps its ids, so that what refers to it still finds it.

use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, IntoActiveModel as _};
use subgraph::{Database, time};
use uuid::Uuid;

use super::{Failure, held};
use crate::entities::product::Model;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotFound,
    VersionConflict { current: i32 },
}

/// Archives a product. With `expected`, only that version of it. One that is archived already stays
/// as it is, so a call that is sent again does no harm.
pub(crate) async fn archive(database: &Database, id: Uuid, expected: Option<i32>) -> Result<Model, Failure<Refusal>> {
    let transaction = database.begin().await?;
    let row = held(&transaction, id).await?.ok_or(Failure::refused(Refusal::NotFound))?;
    if row.archived_at.is_some() {
        return Ok(row);
    }
    if expected.is_some_and(|expected| expected != row.version) {
        return Err(Failure::refused(Refusal::VersionConflict { current: row.version }));
    }
    let (now, version) = (time::now(), row.version + 1);
    let mut row = row.into_active_model();
    row.archived_at = Set(Some(now));
    row.updated_at = Set(now);
    row.version = Set(version);
    let row = row.update(&transaction).await?;
    transaction.commit().await?;
    Ok(row)
}

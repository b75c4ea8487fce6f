//! A new place where stock can lie.

use sea_orm::DbErr;
use subgraph::Database;
use uuid::Uuid;

use crate::entities::location;

/// Makes a location, unless its code is taken: then none.
pub(crate) async fn create(
    database: &Database,
    code: String,
    name: String,
    priority: i32,
) -> Result<Option<location::Model>, DbErr> {
    let row = location::Model { id: Uuid::now_v7(), code, name, priority };
    Ok(location::insert(database.write(), &row).await?.then_some(row))
}

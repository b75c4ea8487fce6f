//! Where stock lies.

use sea_orm::{Condition, IntoActiveModel as _, QueryOrder as _, QuerySelect as _, SqlErr, entity::prelude::*};

/// The location of everything that says no other, made with the tables: it has the first of all ids.
pub(crate) const DEFAULT: Uuid = Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0001);

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "locations")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(unique)]
    pub code: String,
    pub name: String,
    /// Orders take from locations with small numbers first.
    pub priority: i32,
}

impl ActiveModelBehavior for ActiveModel {}

/// Writes a new location, unless its code is taken: then `false`.
pub(crate) async fn insert(connection: &impl ConnectionTrait, row: &Model) -> Result<bool, DbErr> {
    match Entity::insert(row.clone().into_active_model()).exec_without_returning(connection).await {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Locations in the order in which orders take from them, after the one with this priority and id.
pub(crate) async fn after(
    connection: &impl ConnectionTrait,
    after: Option<(i32, Uuid)>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut select = Entity::find().order_by_asc(COLUMN.priority).order_by_asc(COLUMN.id).limit(limit);
    if let Some((priority, id)) = after {
        let same = Condition::all().add(COLUMN.priority.eq(priority)).add(COLUMN.id.gt(id));
        select = select.filter(Condition::any().add(COLUMN.priority.gt(priority)).add(same));
    }
    select.all(connection).await
}

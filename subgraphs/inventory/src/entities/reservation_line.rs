//! What a reservation holds, one line for each product and location that it is taken from.

use sea_orm::{DatabaseTransaction, IntoActiveModel as _, entity::prelude::*};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reservation_lines")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub reservation_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub location_id: Uuid,
    pub quantity: i64,
}

impl ActiveModelBehavior for ActiveModel {}

pub(crate) async fn insert(tx: &DatabaseTransaction, lines: impl IntoIterator<Item = Model>) -> Result<(), DbErr> {
    Entity::insert_many(lines.into_iter().map(Model::into_active_model)).exec_without_returning(tx).await?;
    Ok(())
}

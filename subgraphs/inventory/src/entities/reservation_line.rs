//! What a reservation holds, one line a product.

use sea_orm::{ActiveValue::Set, DatabaseTransaction, QueryOrder as _, entity::prelude::*};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reservation_lines")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub reservation_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_id: Uuid,
    pub quantity: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// The lines of a reservation, in the order of product ids.
pub(crate) async fn of_reservation(connection: &impl ConnectionTrait, reservation: Uuid) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(COLUMN.reservation_id.eq(reservation)).order_by_asc(COLUMN.product_id).all(connection).await
}

pub(crate) async fn insert(
    tx: &DatabaseTransaction,
    reservation: Uuid,
    lines: impl IntoIterator<Item = (Uuid, i64)>,
) -> Result<(), DbErr> {
    let rows = lines.into_iter().map(|(product, quantity)| ActiveModel {
        reservation_id: Set(reservation),
        product_id: Set(product),
        quantity: Set(quantity),
    });
    Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

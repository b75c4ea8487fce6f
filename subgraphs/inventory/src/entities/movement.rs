//! The ledger: one row for each change of a product's stock at a location, with what was before and what is after.

use sea_orm::{QueryOrder as _, QuerySelect as _, entity::prelude::*};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "movements")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub location_id: Uuid,
    /// The version of the stock that this change made, from 1 without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub kind: Kind,
    pub on_hand_before: i64,
    pub on_hand_after: i64,
    pub reserved_before: i64,
    pub reserved_after: i64,
    pub reason: String,
    /// The subject of the caller's token, or this service's name.
    pub actor: String,
    /// The reservation, where one caused the change.
    pub reference: Option<Uuid>,
    pub at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// What changed the stock.
#[derive(Copy, Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "UPPERCASE")]
pub(crate) enum Kind {
    Initial,
    Adjust,
    Set,
    Reserve,
    Commit,
    Release,
    Return,
    Expire,
}

/// Changes of a product's stock at a location, newest first: those before version `after`.
pub(crate) async fn newest(
    connection: &impl ConnectionTrait,
    (product, location): (Uuid, Uuid),
    after: Option<i64>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(COLUMN.product_id.eq(product))
        .filter(COLUMN.location_id.eq(location))
        .filter(COLUMN.version.lt(after.unwrap_or(i64::MAX)))
        .order_by_desc(COLUMN.version)
        .limit(limit)
        .all(connection)
        .await
}

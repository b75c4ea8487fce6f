use sea_orm::entity::prelude::*;

/// A product in an order, as it was offered when the order was placed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_lines")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub order_id: Uuid,
    /// From 0, as the customer listed the products.
    pub position: i32,
    pub product_id: Uuid,
    pub sku: String,
    pub name: String,
    pub unit_price_minor: i64,
    pub quantity: i64,
}

impl ActiveModelBehavior for ActiveModel {}

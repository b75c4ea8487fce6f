use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

/// What a client may send twice and gets answered once. Kept as long as its order.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub operation: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// SHA-256 of what was asked, in hexadecimal.
    pub request_hash: String,
    pub order_id: Uuid,
    pub created_at: DateTime<Utc>,
}

impl ActiveModelBehavior for ActiveModel {}

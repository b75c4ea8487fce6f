use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use super::order::State;

/// One arrow that an order took, written in the transaction that took it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: Uuid,
    /// The order's version after the arrow: from 1, without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i32,
    /// Nothing for the first event.
    pub from_state: Option<State>,
    pub to_state: State,
    pub at: DateTime<Utc>,
    pub detail: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

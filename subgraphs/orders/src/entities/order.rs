use chrono::{DateTime, Utc};
use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

/// What the customer sees of an order.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Status {
    #[sea_orm(string_value = "PENDING")]
    Pending,
    #[sea_orm(string_value = "COMPLETED")]
    Completed,
    #[sea_orm(string_value = "CANCELLED")]
    Cancelled,
}

/// Where an order stands between asking for stock and owning it.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    #[sea_orm(string_value = "CREATED")]
    Created,
    #[sea_orm(string_value = "RESERVED")]
    Reserved,
    #[sea_orm(string_value = "COMMITTING")]
    Committing,
    #[sea_orm(string_value = "COMPLETED")]
    Completed,
    #[sea_orm(string_value = "RETURNING")]
    Returning,
    #[sea_orm(string_value = "CANCELLING")]
    Cancelling,
    #[sea_orm(string_value = "CANCELLED")]
    Cancelled,
}

impl State {
    /// The status that the state shows.
    pub fn status(self) -> Status {
        match self {
            Self::Created | Self::Reserved | Self::Committing => Status::Pending,
            Self::Completed | Self::Returning => Status::Completed,
            Self::Cancelling | Self::Cancelled => Status::Cancelled,
        }
    }
}

/// Why an order was cancelled.
#[derive(Copy, Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum CancelReason {
    #[sea_orm(string_value = "OUT_OF_STOCK")]
    OutOfStock,
    /// With this order, the customer's orders that are not completed would hold more units than they may.
    #[sea_orm(string_value = "TOO_MANY_HELD")]
    TooManyHeld,
    /// The reservation ended before it was committed.
    #[sea_orm(string_value = "EXPIRED")]
    Expired,
    /// The order could not be completed before its deadline.
    #[sea_orm(string_value = "TIMED_OUT")]
    TimedOut,
    #[sea_orm(string_value = "CUSTOMER_REQUEST")]
    CustomerRequest,
    #[sea_orm(string_value = "STAFF_REQUEST")]
    StaffRequest,
}

/// A product of which there was too little.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shortage {
    pub product_id: Uuid,
    pub requested: i64,
    pub available: i64,
}

/// Every shortage of an order, for the answer to a repeated request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Shortages(pub Vec<Shortage>);

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Given by the database when the row is inserted; rises, and may skip.
    pub number: i64,
    pub customer_id: Uuid,
    pub status: Status,
    pub saga_state: State,
    /// Arrows taken so far, the first one included.
    pub version: i32,
    pub total_minor: i64,
    pub currency: String,
    /// Set as soon as cancelling is certain or asked for, so maybe while the status is another yet.
    pub cancel_reason: Option<CancelReason>,
    /// What the one who cancelled said about it.
    pub cancel_note: Option<String>,
    /// Cancelling was asked for while the commit was under way; it follows the commit.
    pub cancel_requested: bool,
    pub shortages: Option<Shortages>,
    pub stock_released_at: Option<DateTime<Utc>>,
    /// A purchase that is not decided by then is cancelled.
    pub deadline_at: DateTime<Utc>,
    /// When the recovery worker may take the order; nobody needs to when there is nothing left to do.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Calls that failed since the last arrow.
    pub attempts: i32,
    pub created_at: DateTime<Utc>,
    pub completed_at: Option<DateTime<Utc>>,
    pub cancelled_at: Option<DateTime<Utc>>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Whose orders a caller may see.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Viewer {
    /// Only their own.
    Customer(Uuid),
    /// Everybody's.
    Staff,
}

impl Viewer {
    pub fn may_see(self, order: &Model) -> bool {
        self.may_see_orders_of(order.customer_id)
    }

    pub fn may_see_orders_of(self, customer: Uuid) -> bool {
        match self {
            Self::Customer(id) => id == customer,
            Self::Staff => true,
        }
    }
}

impl Entity {
    /// The orders that this viewer may see.
    pub fn seen_by(viewer: Viewer) -> Select<Self> {
        match viewer {
            Viewer::Customer(id) => Self::of_customer(id),
            Viewer::Staff => Self::find(),
        }
    }

    pub fn of_customer(customer: Uuid) -> Select<Self> {
        Self::find().filter(COLUMN.customer_id.eq(customer))
    }
}

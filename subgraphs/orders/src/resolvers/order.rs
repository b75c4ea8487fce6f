use async_graphql::{
    Context, Enum, Object, SimpleObject,
    connection::{Connection, EmptyFields},
};
use subgraph::{Currency, Database, Error, Id, Money, Result, paging::Page, time::DateTime};
use uuid::Uuid;

use super::{
    part,
    reference::{Product, User},
};
use crate::{
    domain::list::{self, Filter},
    entities::{
        order::{self, CancelReason as Reason, State, Status},
        order_event, order_line,
    },
    loaders::{CountOf, EventsOf, LinesOf, Rows},
};

/// A list of orders, newest first.
pub(crate) type OrderConnection = Connection<String, Order, OrderTotals>;

/// Whether a purchase is through.
#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "Status")]
pub(crate) enum OrderStatus {
    /// It is being seen to; usually for less than a second.
    Pending,
    /// The stock is the customer's.
    Completed,
    Cancelled,
}

/// The steps that an order takes, finer than its status.
#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "State")]
pub(crate) enum OrderState {
    Created,
    /// The stock is reserved.
    Reserved,
    /// The reservation is being made final; the order can no longer fail by a decision of ours.
    Committing,
    Completed,
    /// The stock of a completed order is being taken back.
    Returning,
    /// The reservation is being given up.
    Cancelling,
    Cancelled,
}

/// Why an order was cancelled.
#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "Reason")]
pub(crate) enum CancelReason {
    OutOfStock,
    /// With this order, the customer's orders that are not completed would hold more units than they may.
    TooManyHeld,
    /// The reservation ended before the order was completed.
    Expired,
    /// The order could not be completed in time.
    TimedOut,
    CustomerRequest,
    StaffRequest,
}

/// A purchase.
pub(crate) struct Order(pub(crate) order::Model);

#[Object]
impl Order {
    async fn id(&self) -> Id {
        self.0.id.into()
    }

    /// For people to say and to read: decimal digits, rising, with gaps.
    async fn number(&self) -> String {
        self.0.number.to_string()
    }

    async fn status(&self) -> OrderStatus {
        self.0.status.into()
    }

    /// In the order in which the products were asked for.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Vec<OrderLine>> {
        let currency = currency(&self.0)?;
        let rows = part::<Rows>(ctx)?.load_one(LinesOf(self.0.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(|row| OrderLine { row, currency }).collect())
    }

    /// What the lines cost together.
    async fn total(&self) -> Result<Money> {
        Ok(Money { minor: self.0.total_minor, currency: currency(&self.0)? })
    }

    async fn customer(&self) -> Option<User> {
        Some(User { id: self.0.customer_id.into() })
    }

    /// Rises with every step that the order takes.
    async fn version(&self) -> i32 {
        self.0.version
    }

    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    async fn completed_at(&self) -> Option<DateTime> {
        self.0.completed_at.map(DateTime)
    }

    async fn cancelled_at(&self) -> Option<DateTime> {
        self.0.cancelled_at.map(DateTime)
    }

    /// Only of a cancelled order.
    async fn cancel_reason(&self) -> Option<CancelReason> {
        self.0.cancel_reason.filter(|_| self.is_cancelled()).map(Into::into)
    }

    /// What the one who cancelled said about it.
    async fn cancel_note(&self) -> Option<&str> {
        self.0.cancel_note.as_deref().filter(|_| self.is_cancelled())
    }

    /// Since when the stock of a cancelled order is free again. Null while it is being freed, and when there never
    /// was any.
    async fn stock_released_at(&self) -> Option<DateTime> {
        self.0.stock_released_at.map(DateTime)
    }

    /// How the order came to where it is, oldest first.
    async fn events(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<String, OrderEvent>> {
        let page = Page::<i32>::new(format!("order:{}:events", self.0.id), first, after)?;
        let rows = part::<Rows>(ctx)?.load_one(EventsOf(self.0.id)).await?.unwrap_or_default();
        let events: Vec<OrderEvent> = rows
            .into_iter()
            .filter(|row| page.after.is_none_or(|after| row.sequence > after))
            .map(Into::into)
            .collect();
        page.connection(events, |event| event.sequence, EmptyFields)
    }
}

impl Order {
    fn is_cancelled(&self) -> bool {
        self.0.status == Status::Cancelled
    }
}

/// The currency of the order's row, which the database does not restrict.
fn currency(order: &order::Model) -> Result<Currency> {
    Currency::from_code(&order.currency).ok_or_else(|| Error::internal(UnknownCurrency(order.id)))
}

#[derive(Debug, thiserror::Error)]
#[error("order {0} is in a currency that is not known")]
struct UnknownCurrency(Uuid);

/// A product in an order, as it was offered when the order was placed.
pub(crate) struct OrderLine {
    row: order_line::Model,
    currency: Currency,
}

#[Object]
impl OrderLine {
    async fn id(&self) -> Id {
        self.row.id.into()
    }

    async fn quantity(&self) -> i64 {
        self.row.quantity
    }

    async fn sku(&self) -> &str {
        &self.row.sku
    }

    async fn name(&self) -> &str {
        &self.row.name
    }

    async fn unit_price(&self) -> Money {
        Money { minor: self.row.unit_price_minor, currency: self.currency }
    }

    async fn line_total(&self) -> Result<Money> {
        let unit = Money { minor: self.row.unit_price_minor, currency: self.currency };
        unit.checked_mul(self.row.quantity).ok_or_else(|| Error::internal(Overflow(self.row.id)))
    }

    /// The product as it is now.
    async fn product(&self) -> Option<Product> {
        Some(Product { id: self.row.product_id.into() })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("order line {0} costs more than can be counted")]
struct Overflow(Uuid);

/// A step that an order took.
#[derive(SimpleObject)]
pub(crate) struct OrderEvent {
    /// From 1, without gaps: the order's version after the step.
    sequence: i32,
    /// Null for the first event.
    from: Option<OrderState>,
    to: OrderState,
    at: DateTime,
    /// The reason, where the step cancels the order.
    detail: Option<String>,
}

impl From<order_event::Model> for OrderEvent {
    fn from(row: order_event::Model) -> Self {
        Self {
            sequence: row.sequence,
            from: row.from_state.map(Into::into),
            to: row.to_state.into(),
            at: row.at.into(),
            detail: row.detail,
        }
    }
}

/// What a list of orders says beside its page.
pub(crate) enum OrderTotals {
    Of(Filter),
    OfCustomer(Uuid),
}

#[Object]
impl OrderTotals {
    /// How many orders the list has on all pages. Null when that cannot be told.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        let count = match self {
            Self::Of(filter) => list::count(part::<Database>(ctx)?, filter).await?,
            Self::OfCustomer(id) => {
                let count = part::<Rows>(ctx)?.load_one(CountOf(*id)).await?.unwrap_or_default();
                count.unsigned_abs()
            }
        };
        Ok(i32::try_from(count).ok())
    }
}

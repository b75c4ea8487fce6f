//! Why a purchase or a cancellation did not go through, as data.

use async_graphql::{Interface, SimpleObject};
use subgraph::{
    Id, Money,
    user_error::{ErrorCode, IdempotencyKeyReusedError, InvalidInputError, NotFoundError, ProductNotFoundError},
};

use super::reference::Product;
use crate::entities::order;

/// What all errors of payloads have.
#[derive(Interface)]
#[graphql(
    field(name = "code", ty = "&ErrorCode"),
    field(name = "message", ty = "&String"),
    field(name = "path", ty = "&Option<Vec<String>>", desc = "The way from the input to the value at fault.")
)]
pub(crate) enum UserError {
    InvalidInput(InvalidInputError),
    NotFound(NotFoundError),
    IdempotencyKeyReused(IdempotencyKeyReusedError),
    ProductNotFound(ProductNotFoundError),
    ProductArchived(ProductArchivedError),
    CurrencyMismatch(CurrencyMismatchError),
    PriceChanged(PriceChangedError),
    OutOfStock(OutOfStockError),
    TooManyHeld(TooManyHeldError),
    OrderNotCancellable(OrderNotCancellableError),
}

/// The product is not sold any more.
#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct ProductArchivedError {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    pub(crate) path: Option<Vec<String>>,
}

impl ProductArchivedError {
    pub(super) fn of_line(at: usize) -> Self {
        Self {
            code: ErrorCode::ProductArchived,
            message: "This product is not sold any more.".into(),
            path: Some(product_of_line(at)),
        }
    }
}

/// Prices in different currencies, which one order cannot have.
#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct CurrencyMismatchError {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    pub(crate) path: Option<Vec<String>>,
}

impl CurrencyMismatchError {
    pub(super) fn of_line(at: usize) -> Self {
        Self {
            code: ErrorCode::CurrencyMismatch,
            message: "This product is priced in another currency than the first one.".into(),
            path: Some(product_of_line(at)),
        }
    }

    pub(super) fn of_expected_total() -> Self {
        Self {
            code: ErrorCode::CurrencyMismatch,
            message: "The products are priced in another currency.".into(),
            path: Some(vec!["expectedTotal".into(), "currencyCode".into()]),
        }
    }
}

/// The products cost something else than the customer expected.
#[derive(SimpleObject)]
pub(crate) struct PriceChangedError {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    pub(crate) path: Option<Vec<String>>,
    /// What they cost now.
    pub(crate) total: Money,
}

impl PriceChangedError {
    pub(super) fn new(total: Money) -> Self {
        Self {
            code: ErrorCode::PriceChanged,
            message: format!("The total is now {} {}.", total.to_decimal(), total.currency.code()),
            path: Some(vec!["expectedTotal".into()]),
            total,
        }
    }
}

/// There is too little of some products, so that nothing was bought.
#[derive(SimpleObject)]
pub(crate) struct OutOfStockError {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    pub(crate) path: Option<Vec<String>>,
    /// All of them, not only the first.
    pub(crate) shortages: Vec<Shortage>,
}

/// A product of which there is too little.
#[derive(SimpleObject)]
pub(crate) struct Shortage {
    pub(crate) product_id: Id,
    pub(crate) product: Option<Product>,
    pub(crate) requested: i64,
    pub(crate) available: i64,
}

impl From<&order::Shortages> for OutOfStockError {
    fn from(shortages: &order::Shortages) -> Self {
        Self {
            code: ErrorCode::OutOfStock,
            message: "There is not enough of everything.".into(),
            path: Some(vec!["lines".into()]),
            shortages: shortages.0.iter().map(Shortage::from).collect(),
        }
    }
}

impl From<&order::Shortage> for Shortage {
    fn from(shortage: &order::Shortage) -> Self {
        Self {
            product_id: shortage.product_id.into(),
            product: Some(Product { id: shortage.product_id.into() }),
            requested: shortage.requested,
            available: shortage.available,
        }
    }
}

/// The customer's orders that are not completed hold so many units that they may not hold these too.
#[derive(SimpleObject)]
pub(crate) struct TooManyHeldError {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    pub(crate) path: Option<Vec<String>>,
}

impl Default for TooManyHeldError {
    fn default() -> Self {
        Self {
            code: ErrorCode::TooManyHeld,
            message: "Your other orders hold too many units. Order again once they are completed.".into(),
            path: Some(vec!["lines".into()]),
        }
    }
}

/// The order cannot be cancelled any more.
#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct OrderNotCancellableError {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    pub(crate) path: Option<Vec<String>>,
}

impl OrderNotCancellableError {
    pub(super) fn too_late() -> Self {
        Self {
            code: ErrorCode::OrderNotCancellable,
            message: "The order was completed too long ago to be cancelled.".into(),
            path: Some(vec!["orderId".into()]),
        }
    }
}

fn product_of_line(at: usize) -> Vec<String> {
    vec!["lines".into(), at.to_string(), "productId".into()]
}

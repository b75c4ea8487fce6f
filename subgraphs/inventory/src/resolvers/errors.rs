//! The expected failures of mutations: types of this subgraph, and the union of each mutation.

use async_graphql::{Interface, SimpleObject, Union};
use subgraph::user_error::{
    ErrorCode, IdempotencyKeyReusedError, InvalidInputError, NotFoundError, ProductNotFoundError,
};

use super::{int, reservations::ReservationStatus};
use crate::{
    domain::{
        change_stock::{ChangeError, Refusal},
        create_stock::CreateError,
        lines::LinesError,
        reserve::ReserveError,
    },
    entities::stock::MAX_UNITS,
};

/// An expected failure of a mutation.
#[derive(Interface)]
#[graphql(
    field(name = "code", ty = "&ErrorCode"),
    field(name = "message", ty = "&String"),
    field(name = "path", ty = "&Option<Vec<String>>")
)]
#[expect(clippy::enum_variant_names, reason = "the types are named so in the schema")]
pub(crate) enum UserError {
    InvalidInputError(InvalidInputError),
    NotFoundError(NotFoundError),
    IdempotencyKeyReusedError(IdempotencyKeyReusedError),
    ProductNotFoundError(ProductNotFoundError),
    StockExistsError(StockExistsError),
    LocationExistsError(LocationExistsError),
    InsufficientStockError(InsufficientStockError),
    ReservationNotHeldError(ReservationNotHeldError),
}

/// Another location has this code.
#[derive(SimpleObject)]
pub(crate) struct LocationExistsError {
    code: ErrorCode,
    message: String,
    path: Option<Vec<String>>,
}

impl Default for LocationExistsError {
    fn default() -> Self {
        Self {
            code: ErrorCode::LocationExists,
            message: "There is a location with this code already.".into(),
            path: at("code"),
        }
    }
}

/// The product has stock there already: adjust it.
#[derive(SimpleObject)]
pub(crate) struct StockExistsError {
    code: ErrorCode,
    message: String,
    path: Option<Vec<String>>,
}

/// Fewer units would be left than are promised to orders.
#[derive(SimpleObject)]
pub(crate) struct InsufficientStockError {
    code: ErrorCode,
    message: String,
    path: Option<Vec<String>>,
    /// How many units could be taken away.
    available: i32,
}

/// The reservation is not in a state in which this can be done.
#[derive(SimpleObject)]
#[graphql(inaccessible)]
pub(crate) struct ReservationNotHeldError {
    code: ErrorCode,
    message: String,
    path: Option<Vec<String>>,
    /// The state it is in; null where there is no such reservation.
    status: Option<ReservationStatus>,
}

#[derive(Union)]
pub(crate) enum CreateStockError {
    InvalidInput(InvalidInputError),
    ProductNotFound(ProductNotFoundError),
    NotFound(NotFoundError),
    StockExists(StockExistsError),
}

#[derive(Union)]
pub(crate) enum CreateLocationError {
    InvalidInput(InvalidInputError),
    LocationExists(LocationExistsError),
}

#[derive(Union)]
pub(crate) enum AdjustStockError {
    InvalidInput(InvalidInputError),
    NotFound(NotFoundError),
    InsufficientStock(InsufficientStockError),
    KeyReused(IdempotencyKeyReusedError),
}

#[derive(Union)]
pub(crate) enum SetStockError {
    InvalidInput(InvalidInputError),
    NotFound(NotFoundError),
    InsufficientStock(InsufficientStockError),
    KeyReused(IdempotencyKeyReusedError),
}

#[derive(Union)]
pub(crate) enum SetLowStockThresholdError {
    InvalidInput(InvalidInputError),
    NotFound(NotFoundError),
}

#[derive(Union)]
#[graphql(inaccessible)]
pub(crate) enum ReserveStockError {
    InvalidInput(InvalidInputError),
    KeyReused(IdempotencyKeyReusedError),
}

#[derive(Union)]
#[graphql(inaccessible)]
pub(crate) enum ReservationError {
    NotHeld(ReservationNotHeldError),
    /// The units are held, but some have not come in.
    InsufficientStock(InsufficientStockError),
}

impl TryFrom<CreateError> for CreateStockError {
    type Error = subgraph::Error;

    fn try_from(error: CreateError) -> Result<Self, subgraph::Error> {
        match error {
            CreateError::ProductNotFound => Ok(ProductNotFoundError::new(["productId"]).into()),
            CreateError::LocationNotFound => {
                Ok(NotFoundError::new(["locationId"], "There is no such location.").into())
            }
            CreateError::Exists => Ok(StockExistsError {
                code: ErrorCode::StockExists,
                message: "This product has stock there already.".into(),
                path: at("productId"),
            }
            .into()),
            CreateError::Products(error) => Err(error),
            CreateError::Database(error) => Err(error.into()),
        }
    }
}

impl AdjustStockError {
    /// `units` is the name of the input field that says how many.
    pub(crate) fn from_change(error: ChangeError, units: &str) -> subgraph::Result<Self> {
        match error {
            ChangeError::Refused(Refusal::NoStock) => {
                Ok(NotFoundError::new(["productId"], "This product has no stock there to change.").into())
            }
            ChangeError::Refused(Refusal::TooMany) => {
                Ok(InvalidInputError::new([units], format!("A stock has at most {MAX_UNITS} units.")).into())
            }
            ChangeError::Refused(Refusal::Insufficient { available }) => Ok(InsufficientStockError {
                code: ErrorCode::InsufficientStock,
                message: "Fewer units would be left than are promised to orders.".into(),
                path: at(units),
                available: int(available),
            }
            .into()),
            ChangeError::Reused => Ok(IdempotencyKeyReusedError::default().into()),
            ChangeError::Database(error) => Err(error.into()),
        }
    }
}

impl From<AdjustStockError> for SetStockError {
    fn from(error: AdjustStockError) -> Self {
        match error {
            AdjustStockError::InvalidInput(error) => Self::InvalidInput(error),
            AdjustStockError::NotFound(error) => Self::NotFound(error),
            AdjustStockError::InsufficientStock(error) => Self::InsufficientStock(error),
            AdjustStockError::KeyReused(error) => Self::KeyReused(error),
        }
    }
}

impl From<LinesError> for ReserveStockError {
    fn from(error: LinesError) -> Self {
        let message = error.to_string();
        match error {
            LinesError::Count => InvalidInputError::new(["lines"], message).into(),
            LinesError::Quantity { line } => {
                InvalidInputError::new(["lines", &line.to_string(), "quantity"], message).into()
            }
        }
    }
}

impl TryFrom<ReserveError> for ReserveStockError {
    type Error = subgraph::Error;

    fn try_from(error: ReserveError) -> Result<Self, subgraph::Error> {
        match error {
            ReserveError::Reused => Ok(IdempotencyKeyReusedError {
                message: "This reservation was made before with other lines.".into(),
                path: at("reservationId"),
                ..IdempotencyKeyReusedError::default()
            }
            .into()),
            ReserveError::Database(error) => Err(error.into()),
        }
    }
}

impl InsufficientStockError {
    /// Units that are sold must be on hand.
    pub(super) fn back_ordered() -> Self {
        Self {
            code: ErrorCode::InsufficientStock,
            message: "Some of the units are on back-order and have not come in.".into(),
            path: at("reservationId"),
            available: 0,
        }
    }
}

impl ReservationNotHeldError {
    pub(crate) fn new(status: Option<ReservationStatus>) -> Self {
        Self {
            code: ErrorCode::NotHeld,
            message: "The reservation does not hold these units.".into(),
            path: at("reservationId"),
            status,
        }
    }
}

fn at(field: &str) -> Option<Vec<String>> {
    Some(vec![field.to_owned()])
}

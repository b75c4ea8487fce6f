use async_graphql::{Context, ID, InputObject, SimpleObject, Union};
use subgraph::{
    Database, Id, Identity, MoneyInput, Result,
    user_error::{IdempotencyKeyReusedError, InvalidInputError, ProductNotFoundError},
};

use super::{
    answer_by, deadline,
    errors::{CurrencyMismatchError, OutOfStockError, PriceChangedError, ProductArchivedError, TooManyHeldError},
    order::Order,
    part,
};
use crate::{
    domain::{
        drive::Driver,
        place::{self, Placed},
        purchase::{Purchase, Refusal},
    },
    entities::order::{self as rows, CancelReason},
    settings::Settings,
    upstream::catalogue::Catalogue,
};

/// What to buy.
#[derive(InputObject, Debug)]
pub(crate) struct PlaceOrderInput {
    /// Of the client's choosing, new for each purchase: 1 to 128 visible ASCII characters.
    pub(crate) idempotency_key: ID,
    /// 1 to 100. Lines of the same product are put together.
    pub(crate) lines: Vec<OrderLineInput>,
    /// Refuses the purchase if it would cost anything else.
    pub(crate) expected_total: Option<MoneyInput>,
}

/// So much of a product.
#[derive(InputObject, Debug)]
pub(crate) struct OrderLineInput {
    pub(crate) product_id: Id,
    /// 1 to 1000.
    pub(crate) quantity: i32,
}

/// What came of it.
#[derive(SimpleObject)]
pub(crate) struct PlaceOrderPayload {
    /// Also there when it was cancelled because stock was short, or the customer holds too much.
    pub(crate) order: Option<Order>,
    pub(crate) errors: Vec<PlaceOrderError>,
}

/// Why there is no order, or a cancelled one.
#[derive(Union)]
pub(crate) enum PlaceOrderError {
    InvalidInput(InvalidInputError),
    IdempotencyKeyReused(IdempotencyKeyReusedError),
    ProductNotFound(ProductNotFoundError),
    ProductArchived(ProductArchivedError),
    CurrencyMismatch(CurrencyMismatchError),
    PriceChanged(PriceChangedError),
    OutOfStock(OutOfStockError),
    TooManyHeld(TooManyHeldError),
}

pub(super) async fn resolve(ctx: &Context<'_>, input: PlaceOrderInput) -> Result<PlaceOrderPayload> {
    let customer = Identity::of(ctx).user_id()?;
    let purchase = match purchase(customer, input) {
        Ok(purchase) => purchase,
        Err(errors) => return Ok(refused(errors.into_iter().map(PlaceOrderError::from).collect())),
    };
    let settings = part::<Settings>(ctx)?;
    let placed = place::place_order(
        part::<Database>(ctx)?,
        part::<Catalogue>(ctx)?,
        part::<Driver>(ctx)?,
        &purchase,
        deadline(ctx),
        answer_by(ctx, settings.answer_within),
    )
    .await?;
    Ok(match placed {
        Placed::Order(order) => answered(*order),
        Placed::Refused(refusals) => refused(refusals.into_iter().map(PlaceOrderError::from).collect()),
    })
}

fn purchase(customer: uuid::Uuid, input: PlaceOrderInput) -> Result<Purchase, Vec<InvalidInputError>> {
    let expected = input
        .expected_total
        .map(|total| total.non_negative(["expectedTotal", "amount"]))
        .transpose()
        .map_err(|error| vec![error])?;
    let lines: Vec<_> = input.lines.iter().map(|line| (line.product_id.0, line.quantity)).collect();
    Purchase::new(customer, input.idempotency_key.0, &lines, expected)
}

fn answered(order: rows::Model) -> PlaceOrderPayload {
    let error = match order.cancel_reason {
        Some(CancelReason::TooManyHeld) => Some(TooManyHeldError::default().into()),
        _ => order.shortages.as_ref().map(|shortages| OutOfStockError::from(shortages).into()),
    };
    PlaceOrderPayload { order: Some(Order(order)), errors: error.into_iter().collect() }
}

fn refused(errors: Vec<PlaceOrderError>) -> PlaceOrderPayload {
    PlaceOrderPayload { order: None, errors }
}

impl From<Refusal> for PlaceOrderError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::KeyReused => IdempotencyKeyReusedError::default().into(),
            Refusal::ProductNotFound { at } => {
                ProductNotFoundError::new(["lines", &at.to_string(), "productId"]).into()
            }
            Refusal::ProductArchived { at } => ProductArchivedError::of_line(at).into(),
            Refusal::CurrencyMismatch { at } => CurrencyMismatchError::of_line(at).into(),
            Refusal::ExpectedCurrencyMismatch => CurrencyMismatchError::of_expected_total().into(),
            Refusal::TooExpensive => InvalidInputError::new(["lines"], "The total is too large.").into(),
            Refusal::PriceChanged { total } => PriceChangedError::new(total).into(),
        }
    }
}

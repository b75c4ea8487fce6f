use async_graphql::{Context, InputObject, SimpleObject, Union};
use subgraph::{
    Database, Id, Identity, Result, Scope, text,
    user_error::{InvalidInputError, NotFoundError},
};

use super::{answer_by, errors::OrderNotCancellableError, order::Order, part, viewer};
use crate::{
    domain::{
        cancel::{self, Outcome, Wish},
        drive::Driver,
    },
    settings::Settings,
};

const MAX_NOTE: usize = 500;

/// What to cancel.
#[derive(InputObject, Debug)]
pub(crate) struct CancelOrderInput {
    pub order_id: Id,
    /// In the caller's own words, at most 500 characters; the order shows it as `cancelNote`.
    pub(crate) reason: Option<String>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(crate) struct CancelOrderPayload {
    pub(crate) order: Option<Order>,
    pub(crate) errors: Vec<CancelOrderError>,
}

/// Why the order was not cancelled.
#[derive(Union)]
pub(crate) enum CancelOrderError {
    InvalidInput(InvalidInputError),
    NotFound(NotFoundError),
    OrderNotCancellable(OrderNotCancellableError),
}

pub(super) async fn resolve(ctx: &Context<'_>, input: CancelOrderInput) -> Result<CancelOrderPayload> {
    let wish = Wish {
        order_id: input.order_id.0,
        reach: viewer(ctx, Scope::OrdersWrite)?,
        user: Identity::of(ctx).user_id()?,
        note: match note(input.reason) {
            Ok(note) => note,
            Err(error) => return Ok(failed(error.into())),
        },
    };
    let settings = part::<Settings>(ctx)?;
    let outcome = cancel::cancel_order(
        part::<Database>(ctx)?,
        part::<Driver>(ctx)?,
        &wish,
        settings.return_window,
        answer_by(ctx, settings.answer_within),
    )
    .await?;
    Ok(match outcome {
        Outcome::Order(order) => CancelOrderPayload { order: Some(Order(*order)), errors: Vec::new() },
        Outcome::NotFound => failed(NotFoundError::new(["orderId"], "There is no such order.").into()),
        Outcome::TooLate(order) => {
            CancelOrderPayload { order: Some(Order(*order)), errors: vec![OrderNotCancellableError::too_late().into()] }
        }
    })
}

fn note(reason: Option<String>) -> Result<Option<String>, InvalidInputError> {
    let reason = reason.filter(|reason| !reason.trim().is_empty());
    reason
        .map(|reason| text::lines(&reason, MAX_NOTE))
        .transpose()
        .map_err(|error| InvalidInputError::new(["reason"], error.to_string()))
}

fn failed(error: CancelOrderError) -> CancelOrderPayload {
    CancelOrderPayload { order: None, errors: vec![error] }
}

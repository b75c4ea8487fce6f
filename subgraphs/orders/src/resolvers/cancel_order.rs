use async_graphql::{Context, ID, InputObject, SimpleObject, Union};
use subgraph::{
    Database, Id, Identity, Result, Scope, text,
    user_error::{IdempotencyKeyReusedError, InvalidInputError, NotFoundError},
};

use super::{answer_by, errors::OrderNotCancellableError, order::Order, part, viewer};
use crate::{
    domain::{
        cancel::{self, Outcome, Wish},
        drive::Driver,
        idempotency::check_key,
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
    /// Repeating a request with the same key has no further effect; a key means one order and one reason. Cancelling is
    /// safe to repeat without one, too.
    pub(crate) idempotency_key: Option<ID>,
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
    IdempotencyKeyReused(IdempotencyKeyReusedError),
    NotFound(NotFoundError),
    OrderNotCancellable(OrderNotCancellableError),
}

pub(super) async fn resolve(ctx: &Context<'_>, input: CancelOrderInput) -> Result<CancelOrderPayload> {
    let (note, key) = match note(input.reason).and_then(|note| Ok((note, key(input.idempotency_key)?))) {
        Ok(read) => read,
        Err(error) => return Ok(failed(error.into())),
    };
    let (reach, user) = (viewer(ctx, Scope::OrdersWrite)?, Identity::of(ctx).user_id()?);
    let wish = Wish { order_id: input.order_id.0, reach, user, note, key };
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
        Outcome::KeyReused => failed(IdempotencyKeyReusedError::default().into()),
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

fn key(key: Option<ID>) -> Result<Option<String>, InvalidInputError> {
    key.map(|key| check_key(&key).map(|()| key.0)).transpose()
}

fn failed(error: CancelOrderError) -> CancelOrderPayload {
    CancelOrderPayload { order: None, errors: vec![error] }
}

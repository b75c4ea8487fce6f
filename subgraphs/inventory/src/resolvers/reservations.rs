//! The protocol that `orders` speaks with inventory. Nothing of it is in the public graph.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use chrono::TimeDelta;
use subgraph::{Database, Id, Identity, Requires, Result, Scope, time::DateTime, user_error::InvalidInputError};

use super::{
    errors::{InsufficientStockError, ReservationError, ReservationNotHeldError, ReserveStockError},
    int,
};
use crate::{
    domain::{
        lines::Lines,
        reserve::{self, Request},
        settle::{self, SettleError},
    },
    entities::reservation,
    settings::Settings,
};

/// The longest that units may be held, an hour.
const MAX_TTL_SECONDS: i32 = 3_600;

#[derive(Default)]
pub(crate) struct ReservationMutation;

#[Object]
impl ReservationMutation {
    /// Holds units for an order, all of its lines or none. Safe to repeat: the answer tells what became of the
    /// first request.
    #[graphql(inaccessible, guard = "Requires(Scope::Service)", requires_scopes = "service")]
    async fn reserve_stock(&self, ctx: &Context<'_>, input: ReserveStockInput) -> Result<ReserveStockPayload> {
        let request = match input.read() {
            Ok(request) => request,
            Err(invalid) => return Ok(ReserveStockPayload::failed(invalid)),
        };
        let actor = &Identity::of(ctx).caller()?.subject;
        let max_held = i64::from(ctx.data_unchecked::<Settings>().max_held_per_customer);
        match reserve::reserve(ctx.data_unchecked::<Database>(), &request, max_held, actor).await {
            Ok(row) => Ok(row.into()),
            Err(error) => Ok(ReserveStockPayload::failed(ReserveStockError::try_from(error)?)),
        }
    }

    /// Takes the held units out of the stock. Safe to repeat, and worth it while back-ordered units are not on hand.
    #[graphql(inaccessible, guard = "Requires(Scope::Service)", requires_scopes = "service")]
    async fn commit_reservation(&self, ctx: &Context<'_>, input: CommitReservationInput) -> Result<ReservationPayload> {
        let actor = &Identity::of(ctx).caller()?.subject;
        let database = ctx.data_unchecked::<Database>();
        payload(settle::commit(database, input.reservation_id.0, actor).await)
    }

    /// Gives the held units back; an id that is not known yet can never be reserved any more. Safe to repeat.
    #[graphql(inaccessible, guard = "Requires(Scope::Service)", requires_scopes = "service")]
    async fn release_reservation(
        &self,
        ctx: &Context<'_>,
        input: ReleaseReservationInput,
    ) -> Result<ReservationPayload> {
        let actor = &Identity::of(ctx).caller()?.subject;
        let database = ctx.data_unchecked::<Database>();
        payload(settle::release(database, input.reservation_id.0, actor).await)
    }

    /// Puts committed units back into the stock. Safe to repeat.
    #[graphql(inaccessible, guard = "Requires(Scope::Service)", requires_scopes = "service")]
    async fn return_reservation(&self, ctx: &Context<'_>, input: ReturnReservationInput) -> Result<ReservationPayload> {
        let actor = &Identity::of(ctx).caller()?.subject;
        let database = ctx.data_unchecked::<Database>();
        payload(settle::take_back(database, input.reservation_id.0, actor).await)
    }
}

fn payload(outcome: Result<reservation::Model, SettleError>) -> Result<ReservationPayload> {
    match outcome {
        Ok(row) => Ok(ReservationPayload { reservation: Some(row.into()), errors: Vec::new() }),
        Err(SettleError::NotHeld(found)) => {
            let status = found.as_ref().map(|row| row.status.into());
            Ok(ReservationPayload {
                reservation: found.map(Reservation::from),
                errors: vec![ReservationNotHeldError::new(status).into()],
            })
        }
        Err(SettleError::NotOnHand(found)) => Ok(ReservationPayload {
            reservation: Some(found.into()),
            errors: vec![InsufficientStockError::back_ordered().into()],
        }),
        Err(SettleError::Database(error)) => Err(error.into()),
    }
}

#[derive(InputObject)]
#[graphql(inaccessible)]
pub(crate) struct ReserveStockInput {
    /// The order's id.
    reservation_id: Id,
    /// Who buys. Where it is null, nothing bounds what is held.
    customer_id: Option<Id>,
    lines: Vec<ReservationLineInput>,
    /// How long the units are held if nothing more is heard of the order: 1 to 3600.
    ttl_seconds: i32,
}

#[derive(InputObject)]
#[graphql(inaccessible)]
pub(crate) struct ReservationLineInput {
    product_id: Id,
    quantity: i32,
}

#[derive(InputObject)]
#[graphql(inaccessible)]
pub(crate) struct CommitReservationInput {
    /// The order's id.
    reservation_id: Id,
}

#[derive(InputObject)]
#[graphql(inaccessible)]
pub(crate) struct ReleaseReservationInput {
    /// The order's id.
    reservation_id: Id,
}

#[derive(InputObject)]
#[graphql(inaccessible)]
pub(crate) struct ReturnReservationInput {
    /// The order's id.
    reservation_id: Id,
}

impl ReserveStockInput {
    fn read(&self) -> Result<Request, ReserveStockError> {
        if !(1..=MAX_TTL_SECONDS).contains(&self.ttl_seconds) {
            let message = format!("This is from 1 to {MAX_TTL_SECONDS}.");
            return Err(InvalidInputError::new(["ttlSeconds"], message).into());
        }
        let lines: Vec<_> = self.lines.iter().map(|line| (line.product_id.0, i64::from(line.quantity))).collect();
        Ok(Request {
            id: self.reservation_id.0,
            customer: self.customer_id.map(|id| id.0),
            lines: Lines::new(&lines)?,
            ttl: TimeDelta::seconds(i64::from(self.ttl_seconds)),
        })
    }
}

#[derive(SimpleObject)]
#[graphql(inaccessible)]
pub(crate) struct ReserveStockPayload {
    reservation: Option<Reservation>,
    /// Why, where the reservation is rejected.
    rejection: Option<ReservationRejection>,
    /// Every line that could not be served, where that is why.
    shortages: Vec<ReservationShortage>,
    errors: Vec<ReserveStockError>,
}

impl From<reservation::Model> for ReserveStockPayload {
    fn from(row: reservation::Model) -> Self {
        let rejected = row.status == reservation::Status::Rejected;
        let rejection = rejected.then(|| row.rejection.unwrap_or(reservation::Rejection::OutOfStock));
        let shortages = row.shortages.iter().flat_map(|shortages| &shortages.0);
        Self {
            rejection: rejection.map(ReservationRejection::from),
            shortages: shortages.map(ReservationShortage::from).collect(),
            reservation: Some(row.into()),
            errors: Vec::new(),
        }
    }
}

impl ReserveStockPayload {
    fn failed(error: ReserveStockError) -> Self {
        Self { reservation: None, rejection: None, shortages: Vec::new(), errors: vec![error] }
    }
}

#[derive(SimpleObject)]
#[graphql(inaccessible)]
pub(crate) struct ReservationPayload {
    reservation: Option<Reservation>,
    errors: Vec<ReservationError>,
}

/// Units held for an order.
#[derive(SimpleObject)]
#[graphql(inaccessible)]
pub(crate) struct Reservation {
    id: Id,
    status: ReservationStatus,
    /// When held units are given back.
    expires_at: Option<DateTime>,
}

impl From<reservation::Model> for Reservation {
    fn from(row: reservation::Model) -> Self {
        Self { id: Id(row.id), status: row.status.into(), expires_at: row.expires_at.map(DateTime) }
    }
}

#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "reservation::Status", inaccessible)]
pub(crate) enum ReservationStatus {
    Held,
    Rejected,
    Committed,
    Released,
    Returned,
    Expired,
}

/// Why a reservation was rejected.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "reservation::Rejection", inaccessible)]
pub(crate) enum ReservationRejection {
    OutOfStock,
    /// The customer would hold more units than anybody may at a time.
    TooManyHeld,
}

/// A product of which an order asked more than there was.
#[derive(SimpleObject)]
#[graphql(inaccessible)]
pub(crate) struct ReservationShortage {
    product_id: Id,
    requested: i32,
    available: i32,
}

impl From<&reservation::Shortage> for ReservationShortage {
    fn from(shortage: &reservation::Shortage) -> Self {
        Self {
            product_id: Id(shortage.product_id),
            requested: int(shortage.requested),
            available: int(shortage.available),
        }
    }
}

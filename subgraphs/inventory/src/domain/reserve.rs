//! Promising units to an order, all of its lines or none.

use chrono::TimeDelta;
use sea_orm::{DatabaseTransaction, DbErr, prelude::DateTimeUtc};
use subgraph::{Database, fail_point, time};
use uuid::Uuid;

use super::{
    allocate,
    ledger::{self, Cause},
    lines::Lines,
    protocol,
};
use crate::entities::{
    reservation::{self, Rejection, Status},
    reservation_line, stock,
};

/// What an order asks for.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The order's id, which makes the request safe to repeat.
    pub id: Uuid,
    /// Who buys; where nobody says, nothing bounds what is held.
    pub customer: Option<Uuid>,
    pub lines: Lines,
    /// How long the units are held if nothing more is heard of the order.
    pub ttl: TimeDelta,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ReserveError {
    #[error("the reservation's id was used before with other lines")]
    Reused,
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Holds the units, or stores the rejection: the customer would hold more than `max_held`, or units are short, and then
/// with every shortage. Repeated, it answers what became of the first request, which may have been committed, released
/// or returned since.
pub(crate) async fn reserve(
    database: &Database,
    request: &Request,
    max_held: i64,
    actor: &str,
) -> Result<reservation::Model, ReserveError> {
    let now = time::now();
    let tx = database.begin().await?;
    let claimed = reservation::Model {
        id: request.id,
        customer_id: request.customer,
        status: Status::Held,
        request_hash: Some(request.lines.digest()),
        expires_at: Some(now + request.ttl),
        rejection: None,
        shortages: None,
        created_at: now,
        updated_at: now,
    };
    if !reservation::claim(&tx, &claimed).await? {
        return answer_again(&tx, &claimed).await;
    }
    let answer = if holds_too_many(&tx, request, max_held).await? {
        reservation::reject(&tx, claimed, Rejection::TooManyHeld, Vec::new()).await?
    } else {
        hold_or_reject(&tx, claimed, &request.lines, actor, now).await?
    };
    fail_point!("inventory.reserve.before", answer.status);
    database.commit(tx, request.lines.products()).await?;
    fail_point!("inventory.reserve.after", answer.status);
    Ok(answer)
}

async fn answer_again(
    tx: &DatabaseTransaction,
    asked: &reservation::Model,
) -> Result<reservation::Model, ReserveError> {
    let first = reservation::lock(tx, asked.id).await?;
    let first = first.ok_or_else(|| DbErr::RecordNotFound("the reservation that has taken the id".into()))?;
    if first.request_hash.is_some() && first.request_hash != asked.request_hash {
        return Err(ReserveError::Reused);
    }
    Ok(first)
}

async fn holds_too_many(tx: &DatabaseTransaction, request: &Request, max_held: i64) -> Result<bool, DbErr> {
    let Some(customer) = request.customer else { return Ok(false) };
    Ok(reservation::units_held(tx, customer).await? + request.lines.units() > max_held)
}

async fn hold_or_reject(
    tx: &DatabaseTransaction,
    claimed: reservation::Model,
    lines: &Lines,
    actor: &str,
    now: DateTimeUtc,
) -> Result<reservation::Model, DbErr> {
    let ranked = stock::lock_ranked(tx, lines.products()).await?;
    let allocated = allocate::allocate(lines, &ranked);
    if protocol::begin(protocol::Request::Reserve, allocated.is_ok()) != Some(claimed.status) {
        return reservation::reject(tx, claimed, Rejection::OutOfStock, allocated.err().unwrap_or_default()).await;
    }
    let allocations = allocated.unwrap_or_default();
    let rows = ranked.into_iter().map(|ranked| ranked.row).collect();
    let moves = allocations.iter().map(|part| part.to(Status::Held)).collect();
    ledger::apply(tx, rows, moves, &Cause::of(claimed.id, Status::Held, actor), now).await?;
    let lines = allocations.iter().map(|part| reservation_line::Model {
        reservation_id: claimed.id,
        product_id: part.product,
        location_id: part.location,
        quantity: part.quantity,
    });
    reservation_line::insert(tx, lines).await?;
    Ok(claimed)
}

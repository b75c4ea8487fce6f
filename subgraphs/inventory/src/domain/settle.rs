//! What becomes of a reservation: its units are sold, given back, or returned after the sale. Every step is a
//! compare-and-swap of the status.

use sea_orm::{DatabaseTransaction, DbErr, prelude::DateTimeUtc};
use subgraph::{Database, fail_point, time};
use uuid::Uuid;

use super::{
    allocate::Allocation,
    ledger::{self, Cause, Move},
    protocol::{self, Request, Step},
};
use crate::entities::{
    reservation::{self, Status},
    stock,
};

#[derive(Debug, thiserror::Error)]
pub(crate) enum SettleError {
    /// With the reservation as it is, if there is one.
    #[error("the reservation does not hold what is to be settled")]
    NotHeld(Option<reservation::Model>),
    /// Units of this reservation are back-ordered and have not come in: it stays held until its time is over.
    #[error("some of the units are not on hand yet")]
    NotOnHand(reservation::Model),
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Takes held units out of the stock: they are sold. A reservation past its time that nobody has expired yet still
/// holds them.
pub(crate) async fn commit(database: &Database, id: Uuid, actor: &str) -> Result<reservation::Model, SettleError> {
    let tx = database.begin().await?;
    follow(database, tx, id, Request::Commit, actor).await
}

/// Gives held units back. An unknown id is remembered as released, so that a reserve that arrives late finds that
/// it is too late.
pub(crate) async fn release(database: &Database, id: Uuid, actor: &str) -> Result<reservation::Model, SettleError> {
    let tx = database.begin().await?;
    if let Some(status) = protocol::begin(Request::Release, false) {
        let tombstone = tombstone(id, status, time::now());
        if reservation::claim(&tx, &tombstone).await? {
            fail_point!("inventory.tombstone.before");
            tx.commit().await?;
            fail_point!("inventory.tombstone.after");
            return Ok(tombstone);
        }
    }
    follow(database, tx, id, Request::Release, actor).await
}

/// A reservation that holds nothing and never will.
fn tombstone(id: Uuid, status: Status, at: DateTimeUtc) -> reservation::Model {
    reservation::Model {
        id,
        customer_id: None,
        status,
        request_hash: None,
        expires_at: None,
        rejection: None,
        shortages: None,
        created_at: at,
        updated_at: at,
    }
}

/// Puts sold units back into the stock.
pub(crate) async fn take_back(database: &Database, id: Uuid, actor: &str) -> Result<reservation::Model, SettleError> {
    let tx = database.begin().await?;
    follow(database, tx, id, Request::Return, actor).await
}

/// Most often the reservation is where the request moves it from: then it is found, locked and moved by one statement.
async fn follow(
    database: &Database,
    tx: DatabaseTransaction,
    id: Uuid,
    request: Request,
    actor: &str,
) -> Result<reservation::Model, SettleError> {
    let Some((settled, products)) = advance(&tx, id, request, actor, time::now()).await? else {
        return match reservation::lock(&tx, id).await? {
            Some(found) if protocol::step(found.status, request) == Step::Stay => Ok(found),
            found => Err(SettleError::NotHeld(found)),
        };
    };
    fail_point!("inventory.settle.before", settled.status);
    database.commit(tx, products).await?;
    fail_point!("inventory.settle.after", settled.status);
    Ok(settled)
}

/// Moves a reservation as the request does, unless it is in a status from which the request moves none: then `None`. This
/// transaction has locked nothing but the reservation by now. Returns the reservation as it is then, and the products whose stock has
/// changed.
pub(super) async fn advance(
    tx: &DatabaseTransaction,
    id: Uuid,
    request: Request,
    actor: &str,
    now: DateTimeUtc,
) -> Result<Option<(reservation::Model, Vec<Uuid>)>, SettleError> {
    let Some((from, to)) = protocol::arrow(request) else { return Ok(None) };
    let Some(settled) = reservation::advance(tx, id, from, to, now).await? else { return Ok(None) };
    let held = stock::lock_held(tx, id).await?;
    let moves: Vec<_> = held.iter().filter_map(|held| Some(Allocation::of(held)?.to(to))).collect();
    let rows: Vec<_> = held.into_iter().map(|held| held.row).collect();
    if moves.iter().any(|move_| !is_on_hand(&rows, move_)) {
        return Err(SettleError::NotOnHand(reservation::Model { status: from, ..settled }));
    }
    let products = moves.iter().map(|move_| move_.key.0).collect();
    ledger::apply(tx, rows, moves, &Cause::of(id, to, actor), now).await?;
    Ok(Some((settled, products)))
}

/// Whether the units that leave lie there.
fn is_on_hand(rows: &[stock::Model], move_: &Move) -> bool {
    ledger::find(rows, move_.key).is_some_and(|row| rows[row].on_hand + move_.shift.on_hand >= 0)
}

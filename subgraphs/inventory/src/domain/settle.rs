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
    reservation_line, stock,
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

async fn follow(
    database: &Database,
    tx: DatabaseTransaction,
    id: Uuid,
    request: Request,
    actor: &str,
) -> Result<reservation::Model, SettleError> {
    let Some(found) = reservation::lock(&tx, id).await? else {
        return Err(SettleError::NotHeld(None));
    };
    let to = match protocol::step(found.status, request) {
        Step::To(status) => status,
        Step::Stay => return Ok(found),
        Step::Refuse => return Err(SettleError::NotHeld(Some(found))),
    };
    let (settled, products) = advance(&tx, found, to, actor, time::now()).await?;
    fail_point!("inventory.settle.before", settled.status);
    database.commit(tx, products).await?;
    fail_point!("inventory.settle.after", settled.status);
    Ok(settled)
}

/// Takes a reservation that this transaction has locked at its beginning to another status. Returns it as it is then,
/// and the products whose stock has changed.
pub(super) async fn advance(
    tx: &DatabaseTransaction,
    found: reservation::Model,
    to: Status,
    actor: &str,
    now: DateTimeUtc,
) -> Result<(reservation::Model, Vec<Uuid>), SettleError> {
    if !reservation::advance(tx, found.id, found.status, to, now).await? {
        return Err(DbErr::RecordNotUpdated.into());
    }
    let lines = reservation_line::of_reservation(tx, found.id).await?;
    let products: Vec<_> = lines.iter().map(|line| line.product_id).collect();
    let rows = stock::lock(tx, products.iter().copied()).await?;
    let moves: Vec<_> = lines.iter().map(|line| Allocation::of(line).to(to)).collect();
    if moves.iter().any(|move_| !is_on_hand(&rows, move_)) {
        return Err(SettleError::NotOnHand(found));
    }
    ledger::apply(tx, rows, moves, &Cause::of(found.id, to, actor), now).await?;
    Ok((reservation::Model { status: to, updated_at: now, ..found }, products))
}

/// Whether the units that leave lie there.
fn is_on_hand(rows: &[stock::Model], move_: &Move) -> bool {
    ledger::find(rows, move_.key).is_some_and(|row| rows[row].on_hand + move_.shift.on_hand >= 0)
}

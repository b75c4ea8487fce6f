//! What becomes of a reservation: its units are sold, given back, or returned after the sale.
//!
//! Every step is a compare-and-swap of the status, and repeating one that was done answers the same again.

use sea_orm::{DatabaseTransaction, DbErr, prelude::DateTimeUtc};
use subgraph::{Database, time};
use uuid::Uuid;

use super::ledger::{self, Cause};
use crate::entities::{
    movement::Kind,
    reservation::{self, Status},
    reservation_line,
    stock::{self, Shift},
};

/// One arrow between the states of a reservation.
pub(crate) struct Arrow {
    from: Status,
    to: Status,
    /// Where the arrow has been taken already, or there is nothing left for it to do.
    done: &'static [Status],
    /// What it does to the stock, for a line of this many units.
    pub(crate) shift: fn(i64) -> Shift,
    kind: Kind,
    reason: &'static str,
}

pub(crate) const COMMIT: Arrow = Arrow {
    from: Status::Held,
    to: Status::Committed,
    done: &[Status::Committed, Status::Returned],
    shift: |quantity| Shift { on_hand: -quantity, reserved: -quantity },
    kind: Kind::Commit,
    reason: "order completed",
};

pub(crate) const RELEASE: Arrow = Arrow {
    from: Status::Held,
    to: Status::Released,
    done: &[Status::Released, Status::Rejected, Status::Expired, Status::Returned],
    shift: give_back,
    kind: Kind::Release,
    reason: "order cancelled",
};

const RETURN: Arrow = Arrow {
    from: Status::Committed,
    to: Status::Returned,
    done: &[Status::Returned],
    shift: |quantity| Shift { on_hand: quantity, reserved: 0 },
    kind: Kind::Return,
    reason: "order returned",
};

pub(super) const EXPIRE: Arrow = Arrow {
    from: Status::Held,
    to: Status::Expired,
    done: &[],
    shift: give_back,
    kind: Kind::Expire,
    reason: "reservation expired",
};

impl Arrow {
    pub(crate) fn cause<'a>(&self, id: Uuid, actor: &'a str) -> Cause<'a> {
        Cause { kind: self.kind, reason: self.reason, actor, reference: Some(id) }
    }
}

fn give_back(quantity: i64) -> Shift {
    Shift { on_hand: 0, reserved: -quantity }
}

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
    follow(database, tx, id, &COMMIT, actor).await
}

/// Gives held units back. An unknown id is remembered as released, so that a reserve that arrives late finds that
/// it is too late.
pub(crate) async fn release(database: &Database, id: Uuid, actor: &str) -> Result<reservation::Model, SettleError> {
    let now = time::now();
    let tombstone = reservation::Model {
        id,
        status: Status::Released,
        request_hash: None,
        expires_at: None,
        shortages: None,
        created_at: now,
        updated_at: now,
    };
    let tx = database.begin().await?;
    if reservation::claim(&tx, &tombstone).await? {
        tx.commit().await?;
        return Ok(tombstone);
    }
    follow(database, tx, id, &RELEASE, actor).await
}

/// Puts sold units back into the stock.
pub(crate) async fn take_back(database: &Database, id: Uuid, actor: &str) -> Result<reservation::Model, SettleError> {
    let tx = database.begin().await?;
    follow(database, tx, id, &RETURN, actor).await
}

async fn follow(
    database: &Database,
    tx: DatabaseTransaction,
    id: Uuid,
    arrow: &Arrow,
    actor: &str,
) -> Result<reservation::Model, SettleError> {
    let Some(found) = reservation::lock(&tx, id).await? else {
        return Err(SettleError::NotHeld(None));
    };
    if arrow.done.contains(&found.status) {
        return Ok(found);
    }
    if found.status != arrow.from {
        return Err(SettleError::NotHeld(Some(found)));
    }
    let (settled, products) = advance(&tx, found, arrow, actor, time::now()).await?;
    database.commit(tx, products).await?;
    Ok(settled)
}

/// Takes the arrow with a reservation that this transaction has locked at its beginning. Returns it as it is then,
/// and the products whose stock has changed.
pub(super) async fn advance(
    tx: &DatabaseTransaction,
    found: reservation::Model,
    arrow: &Arrow,
    actor: &str,
    now: DateTimeUtc,
) -> Result<(reservation::Model, Vec<Uuid>), SettleError> {
    if !reservation::advance(tx, found.id, arrow.from, arrow.to, now).await? {
        return Err(DbErr::RecordNotUpdated.into());
    }
    let lines = reservation_line::of_reservation(tx, found.id).await?;
    let rows = stock::lock(tx, lines.iter().map(|line| line.product_id)).await?;
    // A foreign key gives each line its row, and both are in the order of product ids.
    let shifts = lines.iter().map(|line| (arrow.shift)(line.quantity));
    let changes: Vec<_> = rows.into_iter().zip(shifts).collect();
    if changes.iter().any(|(row, shift)| row.on_hand + shift.on_hand < 0) {
        return Err(SettleError::NotOnHand(found));
    }
    let changed = ledger::apply(tx, changes, &arrow.cause(found.id, actor), now).await?;
    let products = changed.into_iter().map(|row| row.product_id).collect();
    Ok((reservation::Model { status: arrow.to, updated_at: now, ..found }, products))
}

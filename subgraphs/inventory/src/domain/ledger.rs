//! The one way in which stock changes: the row and its movement in the ledger, together.

use sea_orm::{
    ActiveEnum as _, DatabaseTransaction, DbErr, EntityTrait as _, IntoActiveModel as _, prelude::DateTimeUtc,
};
use serde_json::json;
use subgraph::outbox;
use uuid::Uuid;

use crate::entities::{
    movement::{self, Kind},
    reservation::Status,
    stock::{self, Shift},
};

/// Why stock changes, and through whom.
#[derive(Clone, Debug)]
pub(crate) struct Cause<'a> {
    pub kind: Kind,
    pub reason: &'a str,
    pub actor: &'a str,
    pub reference: Option<Uuid>,
}

impl<'a> Cause<'a> {
    /// A reservation that goes to a status, or begins with it.
    pub(crate) fn of(id: Uuid, to: Status, actor: &'a str) -> Self {
        let (kind, reason) = match to {
            Status::Held | Status::Rejected => (Kind::Reserve, "reserved for an order"),
            Status::Committed => (Kind::Commit, "order completed"),
            Status::Released => (Kind::Release, "order cancelled"),
            Status::Returned => (Kind::Return, "order returned"),
            Status::Expired => (Kind::Expire, "reservation expired"),
        };
        Self { kind, reason, actor, reference: Some(id) }
    }
}

/// Applies each shift to its row and returns the rows as they are now.
///
/// The rows must come from [`stock::lock`] in this transaction, and the shifts be allowed: one that would break a
/// rule of the table fails the transaction.
pub(crate) async fn apply(
    tx: &DatabaseTransaction,
    shifts: Vec<(stock::Model, Shift)>,
    cause: &Cause<'_>,
    at: DateTimeUtc,
) -> Result<Vec<stock::Model>, DbErr> {
    let mut changed = Vec::with_capacity(shifts.len());
    let mut movements = Vec::with_capacity(shifts.len());
    for (before, shift) in shifts {
        if !stock::shift(tx, before.product_id, shift, at).await? {
            return Err(DbErr::RecordNotUpdated);
        }
        let after = before.shifted(shift, at);
        movements.push(movement(&before, &after, cause).into_active_model());
        changed.push(after);
    }
    movement::Entity::insert_many(movements).exec_without_returning(tx).await?;
    outbox::put(tx, changed.iter().map(|row| stock_changed(row, cause))).await?;
    Ok(changed)
}

/// What other services are told of a stock that changed.
pub(crate) fn stock_changed(row: &stock::Model, cause: &Cause<'_>) -> outbox::Event {
    let data = json!({
        "productId": row.product_id,
        "version": row.version,
        "onHand": row.on_hand,
        "reserved": row.reserved,
        "available": row.available(),
        "cause": cause.kind.to_value(),
        "reference": cause.reference,
    });
    outbox::Event { kind: "changed", key: row.product_id, data }
}

/// The ledger's row for the change from one row to the next.
pub(crate) fn movement(before: &stock::Model, after: &stock::Model, cause: &Cause<'_>) -> movement::Model {
    movement::Model {
        product_id: after.product_id,
        version: after.version,
        kind: cause.kind,
        on_hand_before: before.on_hand,
        on_hand_after: after.on_hand,
        reserved_before: before.reserved,
        reserved_after: after.reserved,
        reason: cause.reason.to_owned(),
        actor: cause.actor.to_owned(),
        reference: cause.reference,
        at: after.updated_at,
    }
}

/// A stock before anything was put into it: version 0, which no row has.
pub(crate) fn empty(product: Uuid, backorder_limit: i64, at: DateTimeUtc) -> stock::Model {
    stock::Model { product_id: product, on_hand: 0, reserved: 0, backorder_limit, version: 0, updated_at: at }
}

//! The one way in which stock changes: the row and its movement in the ledger, together.

use sea_orm::{
    ActiveEnum as _, DatabaseTransaction, DbErr, EntityTrait as _, IntoActiveModel as _, prelude::DateTimeUtc,
};
use serde_json::json;
use subgraph::outbox;
use uuid::Uuid;

use super::stock::Stock;
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

/// Units that come to a row of the stock, or leave it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    /// Product and location.
    pub key: (Uuid, Uuid),
    pub shift: Shift,
}

/// Makes the moves, and returns the rows as they are now, those that did not change among them: all that a product has,
/// so that what it comes to can be told.
///
/// The rows must come from [`stock::lock`] or [`stock::lock_ranked`] in this transaction, the moves be in the same order,
/// one at most for each, and allowed: one that would break a rule of the table fails the transaction.
pub(crate) async fn apply(
    tx: &DatabaseTransaction,
    mut rows: Vec<stock::Model>,
    moves: Vec<Move>,
    cause: &Cause<'_>,
    at: DateTimeUtc,
) -> Result<Vec<stock::Model>, DbErr> {
    let mut movements = Vec::with_capacity(moves.len());
    let mut events = Vec::new();
    for Move { key, shift } in moves {
        let row = find(&rows, key).ok_or(DbErr::RecordNotUpdated)?;
        if !stock::shift(tx, key, shift, at).await? {
            return Err(DbErr::RecordNotUpdated);
        }
        let before = &rows[row];
        let after = before.shifted(shift, at);
        events.extend(runs_low(before, &after).then(|| stock_low(&after)));
        movements.push(movement(before, &after, cause).into_active_model());
        rows[row] = after;
    }
    movement::Entity::insert_many(movements).exec_without_returning(tx).await?;
    events.extend(Stock::of_rows(&rows).map(|stock| stock_changed(&stock, cause)));
    outbox::put(tx, events).await?;
    Ok(rows)
}

/// Where the row of a product and location is among rows in their order.
pub(crate) fn find(rows: &[stock::Model], key: (Uuid, Uuid)) -> Option<usize> {
    rows.binary_search_by_key(&key, stock::Model::key).ok()
}

/// Whether a change takes what is available from above the threshold to it or below.
fn runs_low(before: &stock::Model, after: &stock::Model) -> bool {
    !before.is_low() && after.is_low()
}

/// What other services are told of a product whose stock has changed: the sums over its locations, and each of them.
pub(crate) fn stock_changed(stock: &Stock, cause: &Cause<'_>) -> outbox::Event {
    let level = |row: &stock::Model| {
        json!({
            "locationId": row.location_id,
            "onHand": row.on_hand,
            "reserved": row.reserved,
            "available": row.available(),
        })
    };
    let data = json!({
        "productId": stock.product_id(),
        "version": stock.version(),
        "onHand": stock.on_hand(),
        "reserved": stock.reserved(),
        "available": stock.available(),
        "levels": stock.levels.iter().map(level).collect::<Vec<_>>(),
        "cause": cause.kind.to_value(),
        "reference": cause.reference,
    });
    outbox::Event { kind: "changed", key: stock.product_id(), data }
}

/// What other services are told when few units are left at a location.
fn stock_low(row: &stock::Model) -> outbox::Event {
    let data = json!({
        "productId": row.product_id,
        "locationId": row.location_id,
        "version": row.version,
        "available": row.available(),
        "threshold": row.low_stock_threshold,
    });
    outbox::Event { kind: "low", key: row.product_id, data }
}

/// The ledger's row for the change from one row to the next.
pub(crate) fn movement(before: &stock::Model, after: &stock::Model, cause: &Cause<'_>) -> movement::Model {
    movement::Model {
        product_id: after.product_id,
        location_id: after.location_id,
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
pub(crate) fn empty(product: Uuid, location: Uuid, backorder_limit: i64, at: DateTimeUtc) -> stock::Model {
    stock::Model {
        product_id: product,
        location_id: location,
        on_hand: 0,
        reserved: 0,
        backorder_limit,
        low_stock_threshold: None,
        version: 0,
        updated_at: at,
    }
}

#[cfg(test)]
mod tests {
    use subgraph::time;

    use super::*;

    #[test]
    fn a_stock_runs_low_when_it_comes_to_its_threshold_from_above_and_at_no_other_time() {
        for (threshold, from, to, runs_low_then) in [
            (Some(5), 6, 5, true),
            (Some(5), 9, 0, true),
            (Some(0), 1, 0, true),
            (Some(5), 7, 6, false),
            (Some(5), 5, 4, false),
            (Some(5), 5, 6, false),
            (Some(5), 4, 5, false),
            (None, 9, 0, false),
        ] {
            let stock =
                stock::Model { low_stock_threshold: threshold, ..empty(Uuid::nil(), Uuid::nil(), 2, time::now()) };
            // Two units can be back-ordered, and one is promised.
            let [before, after] =
                [from, to].map(|units| stock::Model { on_hand: units - 1, reserved: 1, ..stock.clone() });
            assert_eq!(runs_low(&before, &after), runs_low_then, "from {from} to {to} with {threshold:?}");
        }
    }
}

//! What must be true of orders at every moment, as queries; and what they can be compared with in inventory.

use std::collections::HashMap;

use sea_orm::{
    ActiveEnum as _, DbErr, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use subgraph::{
    Database,
    audit::{Rule, Violation, check},
};
use uuid::Uuid;

use crate::{
    domain::saga,
    entities::{
        order::{self, State},
        order_line,
    },
};

/// Everything that breaks I7 to I9.
pub(crate) async fn verify(database: &Database) -> Result<Vec<Violation>, DbErr> {
    check(database, rules()).await
}

fn rules() -> [Rule; 6] {
    let rule = |invariant, says, sql: &str| Rule { invariant, says, sql: sql.to_owned() };
    let arrows = saga::arrows().map(|(from, to)| format!("'{} {}'", from.to_value(), to.to_value()));
    let arrows = arrows.collect::<Vec<_>>().join(", ");
    [
        // That a key has one order only, the table's primary key says.
        rule(
            "I7",
            "an order is placed with one key",
            "SELECT order_id AS id, CAST(1 AS BIGINT) AS expected, COUNT(*) AS found FROM idempotency_keys \
             WHERE operation = 'placeOrder' GROUP BY order_id HAVING COUNT(*) > 1",
        ),
        rule(
            "I8",
            "each event begins where the one before it ended",
            "SELECT next.order_id AS id, CAST(next.sequence - 1 AS BIGINT) AS expected, \
             CAST(COALESCE(last.sequence, 0) AS BIGINT) AS found FROM order_events AS next \
             LEFT JOIN order_events AS last ON last.order_id = next.order_id AND last.sequence = next.sequence - 1 \
             WHERE next.sequence > 1 AND (last.sequence IS NULL OR last.to_state <> next.from_state)",
        ),
        rule(
            "I8",
            "the order is where its last event ended",
            "SELECT orders.id AS id, CAST(orders.version AS BIGINT) AS expected, \
             CAST(COALESCE(last.sequence, 0) AS BIGINT) AS found FROM orders LEFT JOIN order_events AS last \
             ON last.order_id = orders.id AND last.sequence = orders.version \
             WHERE last.sequence IS NULL OR last.to_state <> orders.saga_state",
        ),
        rule(
            "I8",
            "no event comes after the last one",
            "SELECT orders.id AS id, CAST(orders.version AS BIGINT) AS expected, \
             CAST(order_events.sequence AS BIGINT) AS found FROM order_events \
             JOIN orders ON orders.id = order_events.order_id WHERE order_events.sequence > orders.version",
        ),
        Rule {
            invariant: "I8",
            says: "an order takes the arrows of the protocol only",
            sql: format!(
                "SELECT order_id AS id, CAST(0 AS BIGINT) AS expected, CAST(sequence AS BIGINT) AS found FROM order_events \
                 WHERE from_state IS NOT NULL AND from_state || ' ' || to_state NOT IN ({arrows})"
            ),
        },
        rule(
            "I9",
            "the total is that of the lines",
            "SELECT orders.id AS id, COALESCE(sums.total, 0) AS expected, orders.total_minor AS found FROM orders \
             LEFT JOIN (SELECT order_id, CAST(SUM(unit_price_minor * quantity) AS BIGINT) AS total FROM order_lines \
             GROUP BY order_id) AS sums ON sums.order_id = orders.id \
             WHERE sums.total IS NULL OR sums.total <> orders.total_minor",
        ),
    ]
}

/// An order, as a reservation can be compared with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub id: Uuid,
    pub state: State,
    /// Each version has had its event.
    pub version: i32,
    /// Products and units, in the order of product ids.
    pub lines: Vec<(Uuid, i64)>,
}

/// Orders in the order of ids after the given one.
pub async fn claims_after(database: &Database, after: Uuid, limit: u64) -> Result<Vec<Claim>, DbErr> {
    let rows = order::Entity::find().filter(order::COLUMN.id.gt(after)).order_by_asc(order::COLUMN.id).limit(limit);
    with_lines(database, rows.all(database.read()).await?).await
}

/// The orders with these ids; those that do not exist are left out.
pub async fn claims(database: &Database, ids: &[Uuid]) -> Result<Vec<Claim>, DbErr> {
    let rows = order::Entity::find().filter(order::COLUMN.id.is_in(ids.iter().copied()));
    with_lines(database, rows.all(database.read()).await?).await
}

/// How many orders are not at their end.
pub async fn unsettled(database: &Database) -> Result<u64, DbErr> {
    order::Entity::find().filter(order::COLUMN.next_attempt_at.is_not_null()).count(database.read()).await
}

async fn with_lines(database: &Database, rows: Vec<order::Model>) -> Result<Vec<Claim>, DbErr> {
    let lines = order_line::Entity::find()
        .filter(order_line::COLUMN.order_id.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(order_line::COLUMN.product_id)
        .all(database.read())
        .await?;
    let mut of: HashMap<Uuid, Vec<(Uuid, i64)>> = HashMap::new();
    for line in lines {
        of.entry(line.order_id).or_default().push((line.product_id, line.quantity));
    }
    let claim = |row: order::Model| Claim {
        lines: of.remove(&row.id).unwrap_or_default(),
        id: row.id,
        state: row.saga_state,
        version: row.version,
    };
    Ok(rows.into_iter().map(claim).collect())
}

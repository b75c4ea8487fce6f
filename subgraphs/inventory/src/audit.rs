//! What must be true of the stock at every moment, as queries; and what `orders` can compare its own rows with.

use std::collections::HashMap;

use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use subgraph::{
    Database,
    audit::{Rule, Violation, check},
};
use uuid::Uuid;

use crate::entities::{
    reservation::{self, Status},
    reservation_line,
};

/// Everything that breaks I1 to I3.
pub(crate) async fn verify(database: &Database) -> Result<Vec<Violation>, DbErr> {
    check(database, rules()).await
}

fn rules() -> [Rule; 6] {
    let rule = |invariant, says, sql: &str| Rule { invariant, says, sql: sql.to_owned() };
    [
        rule(
            "I1",
            "no more units are reserved than may be promised",
            "SELECT product_id AS id, on_hand + backorder_limit AS expected, reserved AS found FROM stock \
             WHERE reserved < 0 OR on_hand < 0 OR reserved > on_hand + backorder_limit",
        ),
        rule(
            "I2",
            "what is reserved is what reservations hold",
            "SELECT stock.product_id AS id, COALESCE(held.units, 0) AS expected, stock.reserved AS found FROM stock \
             LEFT JOIN (SELECT product_id, location_id, CAST(SUM(quantity) AS BIGINT) AS units FROM reservation_lines \
             JOIN reservations ON reservations.id = reservation_id WHERE status = 'HELD' \
             GROUP BY product_id, location_id) AS held \
             ON held.product_id = stock.product_id AND held.location_id = stock.location_id WHERE stock.reserved <> COALESCE(held.units, 0)",
        ),
        rule(
            "I3",
            "each movement begins where the one before it ended",
            "SELECT next.product_id AS id, COALESCE(last.on_hand_after + last.reserved_after, 0) AS expected, \
             next.on_hand_before + next.reserved_before AS found FROM movements AS next \
             LEFT JOIN movements AS last ON last.product_id = next.product_id \
             AND last.location_id = next.location_id AND last.version = next.version - 1 \
             WHERE next.on_hand_before <> COALESCE(last.on_hand_after, 0) \
             OR next.reserved_before <> COALESCE(last.reserved_after, 0) \
             OR (next.version > 1 AND last.version IS NULL)",
        ),
        rule(
            "I3",
            "the stock is where its last movement ended",
            "SELECT stock.product_id AS id, COALESCE(last.on_hand_after, 0) AS expected, stock.on_hand AS found \
             FROM stock LEFT JOIN movements AS last \
             ON last.product_id = stock.product_id AND last.location_id = stock.location_id \
             AND last.version = stock.version \
             WHERE last.version IS NULL OR last.on_hand_after <> stock.on_hand OR last.reserved_after <> stock.reserved",
        ),
        rule(
            "I3",
            "no movement comes after the last one",
            "SELECT stock.product_id AS id, stock.version AS expected, movements.version AS found FROM movements \
             JOIN stock ON stock.product_id = movements.product_id AND stock.location_id = movements.location_id \
             WHERE movements.version > stock.version",
        ),
        rule(
            "I3",
            "each line of a reservation has the movement of its status",
            "SELECT reservations.id AS id, quantity AS expected, CAST(0 AS BIGINT) AS found FROM reservations \
             JOIN reservation_lines ON reservation_id = reservations.id \
             LEFT JOIN movements ON reference = reservations.id \
             AND movements.product_id = reservation_lines.product_id \
             AND movements.location_id = reservation_lines.location_id \
             AND kind = CASE status WHEN 'HELD' THEN 'RESERVE' WHEN 'COMMITTED' THEN 'COMMIT' \
             WHEN 'RELEASED' THEN 'RELEASE' WHEN 'RETURNED' THEN 'RETURN' WHEN 'EXPIRED' THEN 'EXPIRE' END \
             WHERE version IS NULL",
        ),
    ]
}

/// A reservation, as an order can be compared with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    pub id: Uuid,
    pub status: Status,
    /// Products and units at all locations, in the order of product ids.
    pub lines: Vec<(Uuid, i64)>,
}

/// The reservations with these ids; those that do not exist are left out.
pub async fn holdings(database: &Database, ids: &[Uuid]) -> Result<Vec<Holding>, DbErr> {
    let rows = reservation::Entity::find().filter(reservation::COLUMN.id.is_in(ids.iter().copied()));
    with_lines(database, rows.all(database.read()).await?).await
}

/// Reservations that hold or have sold units, in the order of ids after the given one.
pub async fn owning(database: &Database, after: Uuid, limit: u64) -> Result<Vec<Holding>, DbErr> {
    let rows = reservation::Entity::find()
        .filter(reservation::COLUMN.id.gt(after))
        .filter(reservation::COLUMN.status.is_in([Status::Held, Status::Committed]))
        .order_by_asc(reservation::COLUMN.id)
        .limit(limit);
    with_lines(database, rows.all(database.read()).await?).await
}

async fn with_lines(database: &Database, rows: Vec<reservation::Model>) -> Result<Vec<Holding>, DbErr> {
    let lines = reservation_line::Entity::find()
        .filter(reservation_line::COLUMN.reservation_id.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(reservation_line::COLUMN.product_id)
        .all(database.read())
        .await?;
    let mut of: HashMap<Uuid, Vec<(Uuid, i64)>> = HashMap::new();
    for line in lines {
        let lines = of.entry(line.reservation_id).or_default();
        match lines.last_mut() {
            Some((product, quantity)) if *product == line.product_id => *quantity += line.quantity,
            _ => lines.push((line.product_id, line.quantity)),
        }
    }
    let holding = |row: reservation::Model| Holding {
        lines: of.remove(&row.id).unwrap_or_default(),
        id: row.id,
        status: row.status,
    };
    Ok(rows.into_iter().map(holding).collect())
}

//! What must be true of the database after whatever happened: I1, I2 and I3 of the design of buying.

use std::collections::{BTreeMap, BTreeSet};

use inventory::Inventory;
use sea_orm::{FromQueryResult, Statement};
use subgraph::{Database, Subgraph as _};
use uuid::Uuid;

#[derive(FromQueryResult)]
struct Stock {
    product_id: Uuid,
    location_id: Uuid,
    on_hand: i64,
    reserved: i64,
    backorder_limit: i64,
    version: i64,
}

#[derive(FromQueryResult)]
struct Movement {
    product_id: Uuid,
    location_id: Uuid,
    version: i64,
    kind: String,
    on_hand_before: i64,
    on_hand_after: i64,
    reserved_before: i64,
    reserved_after: i64,
    reference: Option<Uuid>,
}

#[derive(FromQueryResult)]
struct Line {
    reservation_id: Uuid,
    product_id: Uuid,
    location_id: Uuid,
    quantity: i64,
    status: String,
}

pub(crate) async fn check(database: &Database) {
    let stocks: Vec<Stock> = all(database, "SELECT * FROM stock").await;
    let movements: Vec<Movement> =
        all(database, "SELECT * FROM movements ORDER BY product_id, location_id, version").await;
    let lines: Vec<Line> = all(
        database,
        "SELECT line.*, reservation.status FROM reservation_lines line
         JOIN reservations reservation ON reservation.id = line.reservation_id",
    )
    .await;
    for stock in &stocks {
        never_oversold(stock);
        reserved_is_what_is_held(stock, &lines);
        ledger_leads_to(stock, &movements, &lines);
    }
    every_line_has_its_movements(&movements, &lines);
    assert_eq!(Inventory::verify(database).await.unwrap(), [], "the service's own look at it");
}

async fn all<T: FromQueryResult>(database: &Database, sql: &str) -> Vec<T> {
    T::find_by_statement(Statement::from_string(database.backend(), sql)).all(database.read()).await.unwrap()
}

/// I1.
fn never_oversold(stock: &Stock) {
    let Stock { product_id, on_hand, reserved, backorder_limit, .. } = stock;
    assert!(*on_hand >= 0 && *reserved >= 0, "{product_id}: {on_hand} on hand, {reserved} reserved");
    assert!(*reserved <= on_hand + backorder_limit, "{product_id}: {reserved} reserved of {on_hand}");
}

/// I2.
fn reserved_is_what_is_held(stock: &Stock, lines: &[Line]) {
    assert_eq!(stock.reserved, units(lines, stock, "HELD"), "{}", stock.product_id);
}

/// I3: from nothing to the row, each movement beginning where the one before ended. What left and did not come back
/// is what was committed.
fn ledger_leads_to(stock: &Stock, movements: &[Movement], lines: &[Line]) {
    let (mut version, mut on_hand, mut reserved, mut sold) = (0, 0, 0, 0);
    let of_stock =
        |movement: &&Movement| movement.product_id == stock.product_id && movement.location_id == stock.location_id;
    for movement in movements.iter().filter(of_stock) {
        assert_eq!(movement.version, version + 1, "{}", stock.product_id);
        assert_eq!((movement.on_hand_before, movement.reserved_before), (on_hand, reserved), "{}", stock.product_id);
        if ["COMMIT", "RETURN"].contains(&movement.kind.as_str()) {
            sold += movement.on_hand_before - movement.on_hand_after;
        }
        (version, on_hand, reserved) = (movement.version, movement.on_hand_after, movement.reserved_after);
    }
    assert_eq!((version, on_hand, reserved), (stock.version, stock.on_hand, stock.reserved), "{}", stock.product_id);
    assert_eq!(sold, units(lines, stock, "COMMITTED"), "{}", stock.product_id);
}

/// Each line was reserved once, and settled once if it is not held.
fn every_line_has_its_movements(movements: &[Movement], lines: &[Line]) {
    let mut moved: BTreeMap<(Uuid, Uuid, Uuid), BTreeSet<&str>> = BTreeMap::new();
    for movement in movements {
        if let Some(reservation) = movement.reference {
            let kinds = moved.entry((reservation, movement.product_id, movement.location_id)).or_default();
            assert!(kinds.insert(&movement.kind), "{reservation}: two movements {}", movement.kind);
        }
    }
    for line in lines {
        let expected: &[&str] = match line.status.as_str() {
            "HELD" => &["RESERVE"],
            "COMMITTED" => &["COMMIT", "RESERVE"],
            "RELEASED" => &["RELEASE", "RESERVE"],
            "RETURNED" => &["COMMIT", "RESERVE", "RETURN"],
            "EXPIRED" => &["EXPIRE", "RESERVE"],
            other => panic!("a line of a reservation that is {other}"),
        };
        let kinds = moved.remove(&(line.reservation_id, line.product_id, line.location_id)).unwrap_or_default();
        assert_eq!(Vec::from_iter(kinds), expected, "{}", line.reservation_id);
    }
    assert!(moved.is_empty(), "movements of reservations that have no such line");
}

fn units(lines: &[Line], stock: &Stock, status: &str) -> i64 {
    let of_stock = |line: &&Line| (line.product_id, line.location_id) == (stock.product_id, stock.location_id);
    lines.iter().filter(of_stock).filter(|line| line.status == status).map(|line| line.quantity).sum()
}

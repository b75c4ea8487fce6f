use mercado::verify;
use serde_json::json;
use subgraph::Database;
use testing::database::execute;

use crate::app::{TestMarket, place, text};

#[tokio::test]
async fn rows_that_break_a_rule_are_found_and_no_others() {
    let market = TestMarket::open().await;
    let shopper = market.newcomer("Ada").await;
    let products = market.products(2).await;
    let mut orders = Vec::new();
    for key in ["kept", "cancelled"] {
        let placed = place(&shopper, key, &products, 2).await;
        assert_eq!(placed["order"]["status"], "COMPLETED", "{placed}");
        orders.push(text(&placed["order"]["id"]));
    }
    let cancel = "mutation($id: ID!) { cancelOrder(input: { orderId: $id }) { order { status } } }";
    let cancelled = shopper.data(cancel, json!({ "id": orders[1] })).await;
    assert_eq!(cancelled["cancelOrder"]["order"]["status"], "CANCELLED");

    let (orders_db, inventory_db) = (&market.market.orders.database, &market.market.inventory.database);
    assert_eq!(verify(orders_db, inventory_db).await.unwrap(), []);

    // One after the other: what is broken stays broken.
    let [kept, cancelled] = [&orders[0], &orders[1]].map(|id| format!("x'{}'", id.replace('-', "")));
    let product = format!("x'{}'", products[0].replace('-', ""));
    let breaks = [
        ("I9", orders_db, format!("UPDATE orders SET total_minor = total_minor + 1 WHERE id = {kept}")),
        (
            "I7",
            orders_db,
            format!(
                "INSERT INTO idempotency_keys SELECT user_id, operation, 'again', request_hash, order_id, created_at \
                 FROM idempotency_keys WHERE order_id = {kept}"
            ),
        ),
        ("I8", orders_db, format!("DELETE FROM order_events WHERE sequence = 2 AND order_id = {kept}")),
        ("I2", inventory_db, format!("UPDATE stock SET reserved = reserved + 1 WHERE product_id = {product}")),
        ("I6", inventory_db, format!("UPDATE reservation_lines SET quantity = 9 WHERE reservation_id = {kept}")),
        ("I4", inventory_db, format!("UPDATE reservations SET status = 'RELEASED' WHERE id = {kept}")),
        ("I5", inventory_db, format!("UPDATE reservations SET status = 'COMMITTED' WHERE id = {cancelled}")),
        ("I1", inventory_db, format!("UPDATE stock SET on_hand = -1 WHERE product_id = {product}")),
    ];
    write(inventory_db, "PRAGMA ignore_check_constraints = ON").await;
    for (invariant, database, sql) in breaks {
        assert!(!finds(&market, invariant).await, "{invariant} is broken before {sql}");
        write(database, &sql).await;
        assert!(finds(&market, invariant).await, "{invariant} holds after {sql}");
    }
    assert!(finds(&market, "I3").await);
}

async fn write(database: &Database, sql: &str) {
    execute(database.write(), sql).await;
}

async fn finds(market: &TestMarket, invariant: &str) -> bool {
    let found = verify(&market.market.orders.database, &market.market.inventory.database).await.unwrap();
    found.iter().any(|violation| violation.invariant == invariant)
}

#[tokio::test]
async fn units_of_no_order_are_found() {
    let market = TestMarket::open().await;
    let (orders_db, inventory_db) = (&market.market.orders.database, &market.market.inventory.database);
    let insert = "INSERT INTO reservations (id, status, created_at, updated_at) \
                  VALUES (x'ffffffffffffffffffffffffffffffff', 'COMMITTED', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')";
    write(inventory_db, insert).await;
    let found = verify(orders_db, inventory_db).await.unwrap();
    let [only] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(only.to_string(), format!("I6 {}: units are held or sold, and there is no such order", only.id));
}

#[tokio::test]
async fn every_arrow_and_every_gap_in_the_events_is_looked_at() {
    let market = TestMarket::open().await;
    let orders_db = &market.market.orders.database;
    write(orders_db, "UPDATE order_events SET from_state = 'CANCELLED', to_state = 'CREATED' WHERE sequence = 2").await;
    let found = verify(orders_db, &market.market.inventory.database).await.unwrap();
    let says = |what: &str| found.iter().any(|violation| violation.invariant == "I8" && violation.says.contains(what));
    assert!(says("an order takes the arrows of the protocol only"), "{found:?}");
    assert!(says("each event begins where the one before it ended"), "{found:?}");
}

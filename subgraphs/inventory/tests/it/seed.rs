use std::time::Instant;

use inventory::Inventory;
use serde_json::json;
use subgraph::{Subgraph as _, boot::Size};

use crate::app::on_each_database;

#[tokio::test]
async fn the_demo_market_is_filled_once_with_stock_that_its_orders_explain() {
    on_each_database(async |app| {
        let begun = Instant::now();
        Inventory::seed(&app.database, Size::S).await.unwrap();
        let first = begun.elapsed();
        Inventory::seed(&app.database, Size::S).await.unwrap();
        assert!(first.as_secs() < 20, "seeding took {first:?}");
        let popular = demo::product(0);
        let sold: i64 = demo::orders(Size::S)
            .filter(|order| order.outcome == demo::Outcome::Completed)
            .flat_map(|order| order.lines)
            .filter(|line| line.product == 0)
            .map(|line| line.quantity)
            .sum();
        let left = popular.first_stock - sold;
        assert!(sold > 0);
        assert_eq!(
            app.stock(popular.id).await,
            json!({ "onHand": left, "reserved": 0, "available": left, "inStock": true })
        );
    })
    .await;
}

#[tokio::test]
async fn a_demo_order_is_a_reservation_like_any_other() {
    on_each_database(async |app| {
        Inventory::seed(&app.database, Size::S).await.unwrap();
        let completed = demo::orders(Size::S).find(|order| order.outcome == demo::Outcome::Completed).unwrap();
        let lines: Vec<_> =
            completed.lines.iter().map(|line| (demo::product(line.product).id, line.quantity)).collect();
        assert_eq!(app.reserve(completed.id, &lines).await["reservation"]["status"], "COMMITTED");
        assert_eq!(app.settle("returnReservation", completed.id).await["reservation"]["status"], "RETURNED");
        let cancelled = demo::orders(Size::S).find(|order| order.outcome == demo::Outcome::Cancelled).unwrap();
        assert_eq!(app.settle("releaseReservation", cancelled.id).await["reservation"]["status"], "RELEASED");
    })
    .await;
}

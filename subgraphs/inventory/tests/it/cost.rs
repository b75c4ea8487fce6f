//! What a purchase costs, counted in SQL statements, the event's among them; transaction control is not.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{TestApp, on_each_database, reserve_for};

async fn spent(app: &TestApp, work: impl Future<Output = Value>) -> (Value, u64) {
    let (mut answer, statements) = app.counted(work).await;
    (answer["reservation"]["status"].take(), statements)
}

#[tokio::test]
async fn a_line_is_reserved_in_seven_statements_and_sold_in_five() {
    on_each_database(async |app| {
        let (product, id, orders) = (app.stocked(10).await, Uuid::now_v7(), app.orders());
        let customer = Uuid::now_v7();
        let (status, statements) = spent(app, reserve_for(&orders, customer, id, &[(product, 2)])).await;
        assert_eq!((status, statements), ("HELD".into(), 7));
        assert_eq!(spent(app, app.settle("commitReservation", id)).await, ("COMMITTED".into(), 5));
    })
    .await;
}

#[tokio::test]
async fn each_further_line_costs_one_statement_more() {
    on_each_database(async |app| {
        let mut lines = Vec::new();
        for _ in 0..5 {
            lines.push((app.stocked(10).await, 1));
        }
        let id = Uuid::now_v7();
        assert_eq!(spent(app, app.reserve(id, &lines)).await, ("HELD".into(), 5 + 5));
        assert_eq!(spent(app, app.settle("commitReservation", id)).await, ("COMMITTED".into(), 4 + 5));
    })
    .await;
}

#[tokio::test]
async fn a_line_that_is_split_costs_one_statement_more_for_each_part() {
    on_each_database(async |app| {
        let product = app.stocked(1).await;
        for priority in 1..=2 {
            let location = app.location(priority).await;
            app.create(json!({ "productId": product, "locationId": location, "onHand": 1 })).await;
        }
        let id = Uuid::now_v7();
        assert_eq!(spent(app, app.reserve(id, &[(product, 3)])).await, ("HELD".into(), 5 + 3));
        assert_eq!(spent(app, app.settle("commitReservation", id)).await, ("COMMITTED".into(), 4 + 3));
    })
    .await;
}

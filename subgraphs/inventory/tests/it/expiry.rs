use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use inventory::expire_due;
use serde_json::json;
use uuid::Uuid;

use crate::app::on_each_database;

#[tokio::test]
async fn what_is_held_past_its_time_is_given_back_and_cannot_be_sold() {
    on_each_database(async |app| {
        let (product, overdue, fresh) = (app.stocked(10).await, Uuid::now_v7(), Uuid::now_v7());
        app.reserve(overdue, &[(product, 4)]).await;
        app.reserve(fresh, &[(product, 1)]).await;
        app.make_overdue(overdue).await;
        assert_eq!(expire_due(&app.database, 100).await.unwrap(), 1);
        assert_eq!(app.stock(product).await["reserved"], 1);
        let answer = app.settle("commitReservation", overdue).await;
        assert_eq!(answer["errors"], json!([{ "code": "NOT_HELD", "status": "EXPIRED" }]));
        assert_eq!(app.settle("releaseReservation", overdue).await["reservation"]["status"], "EXPIRED");
        assert_eq!(app.reserve(overdue, &[(product, 4)]).await["reservation"]["status"], "EXPIRED");
        assert_eq!(expire_due(&app.database, 100).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn what_is_held_stays_held_for_as_long_as_was_asked() {
    on_each_database(async |app| {
        let product = app.stocked(10).await;
        let reserve =
            "mutation($input: ReserveStockInput!) { reserveStock(input: $input) { reservation { expiresAt } } }";
        let lines = [json!({ "productId": product, "quantity": 4 })];
        let input = json!({ "reservationId": Uuid::now_v7(), "lines": lines, "ttlSeconds": 60 });
        let asked = Utc::now();
        let answer = app.orders().data(reserve, json!({ "input": input })).await;
        let until = answer["reserveStock"]["reservation"]["expiresAt"].as_str().unwrap();
        let seconds = (until.parse::<DateTime<Utc>>().unwrap() - asked).num_seconds();
        assert!((59..=70).contains(&seconds), "{until}");
        assert_eq!(expire_due(&app.database, 100).await.unwrap(), 0);
        assert_eq!(app.stock(product).await["reserved"], 4);
    })
    .await;
}

#[tokio::test]
async fn an_overdue_reservation_that_nobody_has_expired_yet_can_be_sold() {
    on_each_database(async |app| {
        let (product, id) = (app.stocked(10).await, Uuid::now_v7());
        app.reserve(id, &[(product, 4)]).await;
        app.make_overdue(id).await;
        assert_eq!(app.settle("commitReservation", id).await["reservation"]["status"], "COMMITTED");
        assert_eq!(expire_due(&app.database, 100).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn the_sweeper_of_a_running_process_gives_back_what_is_overdue() {
    on_each_database(async |app| {
        let (product, id) = (app.stocked(10).await, Uuid::now_v7());
        app.reserve(id, &[(product, 4)]).await;
        app.make_overdue(id).await;
        let _sweeping = app.replica(|settings| settings.sweep_interval = Duration::from_millis(20)).await;
        let begun = Instant::now();
        while app.stock(product).await["reserved"] != 0 {
            assert!(begun.elapsed() < Duration::from_secs(20), "not swept");
        }
    })
    .await;
}

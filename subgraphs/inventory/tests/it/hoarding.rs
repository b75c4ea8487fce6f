//! What one customer may hold reserved.

use futures_util::future::join_all;
use serde_json::{Value, json};
use testing::graphql::Client;
use uuid::Uuid;

use crate::app::{SERVICE, TestApp, on_each_database, reserve_for, settle};

/// A process that lets a customer hold so many units.
async fn allowing(app: &TestApp, units: u32) -> Client {
    let process = app.replica(|settings| settings.max_held_per_customer = units).await;
    process.token(app.token("orders", SERVICE))
}

fn outcome(answer: &Value) -> (&str, &Value) {
    (answer["reservation"]["status"].as_str().unwrap(), &answer["rejection"])
}

const HELD: (&str, &Value) = ("HELD", &Value::Null);

#[tokio::test]
async fn a_customer_holds_as_many_units_as_the_setting_says_and_no_more() {
    on_each_database(async |app| {
        let orders = allowing(app, 10).await;
        let (one, two, customer) = (app.stocked(100).await, app.stocked(100).await, Uuid::now_v7());
        let (first, second, refused) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
        let too_many = json!("TOO_MANY_HELD");
        assert_eq!(outcome(&reserve_for(&orders, customer, first, &[(one, 4), (two, 2)]).await), HELD);
        let answer = reserve_for(&orders, customer, refused, &[(one, 5)]).await;
        assert_eq!((outcome(&answer), &answer["shortages"]), (("REJECTED", &too_many), &json!([])));
        assert_eq!(outcome(&reserve_for(&orders, customer, second, &[(two, 4)]).await), HELD);
        assert_eq!(outcome(&reserve_for(&orders, Uuid::now_v7(), Uuid::now_v7(), &[(one, 10)]).await), HELD);
        // What is sold is held no more, and what was rejected stays so.
        settle(&orders, "commitReservation", first).await;
        assert_eq!(reserve_for(&orders, customer, refused, &[(one, 5)]).await, answer);
        assert_eq!(outcome(&reserve_for(&orders, customer, Uuid::now_v7(), &[(one, 6)]).await), HELD);
        assert_eq!(app.stock(two).await["reserved"], 4);
    })
    .await;
}

#[tokio::test]
async fn a_shortage_is_the_reason_where_the_customer_holds_little() {
    on_each_database(async |app| {
        let product = app.stocked(1).await;
        let answer = reserve_for(&app.orders(), Uuid::now_v7(), Uuid::now_v7(), &[(product, 2)]).await;
        assert_eq!(outcome(&answer), ("REJECTED", &json!("OUT_OF_STOCK")));
        assert_eq!(answer["shortages"], json!([{ "productId": product, "requested": 2, "available": 1 }]));
    })
    .await;
}

#[tokio::test]
async fn where_nobody_says_who_buys_nothing_bounds_what_is_held() {
    on_each_database(async |app| {
        let (orders, product) = (allowing(app, 1).await, app.stocked(10).await);
        let answer = crate::app::reserve(&orders, Uuid::now_v7(), &[(product, 9)]).await;
        assert_eq!(answer["reservation"]["status"], "HELD");
    })
    .await;
}

#[tokio::test]
async fn the_largest_order_alone_is_held() {
    let app = TestApp::start().await;
    let mut lines = Vec::new();
    for _ in 0..100 {
        lines.push((app.stocked(2_000).await, 1_000));
    }
    let (orders, customer) = (app.orders(), Uuid::now_v7());
    assert_eq!(outcome(&reserve_for(&orders, customer, Uuid::now_v7(), &lines).await), HELD);
    let more = reserve_for(&orders, customer, Uuid::now_v7(), &[(lines[0].0, 1)]).await;
    assert_eq!(outcome(&more), ("REJECTED", &json!("TOO_MANY_HELD")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn forty_reservations_of_one_customer_at_the_same_time_do_not_hold_more_together() {
    on_each_database(async |app| {
        let processes = [allowing(app, 15).await, allowing(app, 15).await];
        // Products of their own: no row of stock makes one wait for another.
        let mut products = Vec::new();
        for _ in 0..8 {
            products.push(app.stocked(100).await);
        }
        let customer = Uuid::now_v7();
        let reserving = (0..40).map(|n| {
            let (process, product) = (processes[n % 2].clone(), products[n % products.len()]);
            tokio::spawn(async move { reserve_for(&process, customer, Uuid::now_v7(), &[(product, 2)]).await })
        });
        let answers: Vec<_> = join_all(reserving).await.into_iter().map(Result::unwrap).collect();
        let held = answers.iter().filter(|answer| outcome(answer) == HELD).count();
        let rejected = answers.iter().filter(|answer| answer["rejection"] == "TOO_MANY_HELD").count();
        assert_eq!((held, rejected), (7, 33));
    })
    .await;
}

#[tokio::test]
async fn nobody_may_be_told_to_hold_nothing() {
    let app = TestApp::start().await;
    let refused = app.refused(|settings| settings.max_held_per_customer = 0).await;
    assert_eq!(refused, "service.max_held_per_customer must not be zero");
}

//! What a subscription shows of stock.

use std::time::Duration;

use inventory::expire_due;
use serde_json::{Value, json};
use testing::{graphql::Client, subscription::Subscription};
use uuid::Uuid;

use crate::app::{TestApp, codes, on_each_database};

const CHANGES: &str = "subscription($ids: [ID!]!) { stock: stockChanged(productIds: $ids) \
    { product { id } onHand reserved available version } }";

async fn follow(client: &Client, products: &[Uuid]) -> Subscription {
    client.subscribe(CHANGES, json!({ "ids": products })).await
}

async fn stock(stream: &mut Subscription) -> Value {
    stream.data().await["stock"].take()
}

fn shown(product: Uuid, on_hand: i64, reserved: i64, version: i64) -> Value {
    json!({ "product": { "id": product }, "onHand": on_hand, "reserved": reserved, "available": on_hand - reserved,
        "version": version })
}

async fn adjust(app: &TestApp, product: Uuid, delta: i64) {
    let input = json!({ "productId": product, "delta": delta, "reason": "counted", "idempotencyKey": Uuid::now_v7() });
    app.change(&app.staff(), "adjustStock", input).await;
}

#[tokio::test]
async fn every_change_of_a_watched_product_is_shown_after_what_is_there_now() {
    on_each_database(async |app| {
        let (watched, other, new) = (app.stocked(10).await, app.stocked(5).await, app.product().await);
        let mut stream = follow(&app.anonymous(), &[watched, new, watched]).await;
        assert_eq!(stock(&mut stream).await, shown(watched, 10, 0, 1));
        adjust(app, other, 1).await;
        let (order, late) = (Uuid::now_v7(), Uuid::now_v7());
        app.reserve(order, &[(other, 1), (watched, 3)]).await;
        assert_eq!(stock(&mut stream).await, shown(watched, 10, 3, 2));
        app.settle("commitReservation", order).await;
        assert_eq!(stock(&mut stream).await, shown(watched, 7, 0, 3));
        app.settle("returnReservation", order).await;
        assert_eq!(stock(&mut stream).await, shown(watched, 10, 0, 4));
        app.reserve(late, &[(watched, 2)]).await;
        assert_eq!(stock(&mut stream).await, shown(watched, 10, 2, 5));
        app.make_overdue(late).await;
        expire_due(&app.database, 100).await.unwrap();
        assert_eq!(stock(&mut stream).await, shown(watched, 10, 0, 6));
        app.create(json!({ "productId": new, "onHand": 4 })).await;
        assert_eq!(stock(&mut stream).await, shown(new, 4, 0, 1));
        adjust(app, watched, -1).await;
        assert_eq!(stock(&mut stream).await, shown(watched, 9, 0, 7));
    })
    .await;
}

#[tokio::test]
async fn what_changed_nothing_is_not_shown() {
    let app = TestApp::start().await;
    let product = app.stocked(1).await;
    let mut stream = follow(&app.anonymous(), &[product]).await;
    assert_eq!(stock(&mut stream).await["version"], 1);
    app.reserve(Uuid::now_v7(), &[(product, 2)]).await;
    adjust(&app, product, -2).await;
    adjust(&app, product, 1).await;
    assert_eq!(stock(&mut stream).await, shown(product, 2, 0, 2));
}

#[tokio::test]
async fn a_stream_watches_1_to_100_products() {
    let app = TestApp::start().await;
    for (count, fits) in [(0, false), (1, true), (100, true), (101, false)] {
        let mut products: Vec<Uuid> = (1..count).map(|_| Uuid::now_v7()).collect();
        if count > 0 {
            products.push(app.stocked(1).await);
        }
        let first = follow(&app.anonymous(), &products).await.next().await.unwrap();
        assert_eq!(codes(&first).is_empty(), fits, "{count}: {first}");
        assert!(fits || codes(&first) == ["BAD_USER_INPUT"], "{first}");
    }
}

/// Large events fill what lies between the two ends, so that the reader holds up the stream.
#[tokio::test]
async fn a_slow_reader_is_shown_the_newest_stock_and_not_a_backlog() {
    const CHANGES: i64 = 300;
    let app = TestApp::start().await;
    let product = app.stocked(10).await;
    let long = "a".repeat(400);
    let fields: String = (0..190).map(|n| format!("{long}{n}: updatedAt ")).collect();
    let query = format!("subscription($ids: [ID!]!) {{ stockChanged(productIds: $ids) {{ version {fields} }} }}");
    let mut stream = app.anonymous().subscribe(&query, json!({ "ids": [product] })).await;
    for _ in 0..CHANGES {
        adjust(&app, product, 1).await;
    }
    let (mut events, mut last) = (0, 0);
    while last <= CHANGES {
        let version = stream.data().await["stockChanged"]["version"].as_i64().unwrap();
        assert!(version > last, "{version} after {last}");
        (events, last) = (events + 1, version);
    }
    assert!(events < CHANGES, "{events} events for {CHANGES} changes");
}

#[tokio::test]
async fn what_another_process_does_is_noticed() {
    on_each_database(async |app| {
        let product = app.stocked(10).await;
        let replica = app.replica(|_| ()).await;
        let mut stream = follow(&replica, &[product]).await;
        assert_eq!(stock(&mut stream).await["onHand"], 10);
        adjust(app, product, 5).await;
        assert_eq!(stock(&mut stream).await, shown(product, 15, 0, 2));
    })
    .await;
}

#[tokio::test]
async fn nothing_is_left_of_clients_that_went_away() {
    let app = TestApp::start().await;
    let products = [app.stocked(1).await, app.stocked(2).await];
    let mut streams = Vec::new();
    for _ in 0..10 {
        let mut stream = follow(&app.anonymous(), &products).await;
        stock(&mut stream).await;
        streams.push(stream);
    }
    assert_eq!((app.streams.open(), app.database.watches()), (10, 10));
    drop(streams);
    let look = async {
        while (app.streams.open(), app.database.watches()) != (0, 0) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), look).await.expect("some streams stay");
}

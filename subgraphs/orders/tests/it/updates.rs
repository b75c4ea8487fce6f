//! What a subscription shows of an order.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testing::{graphql::Client, issuer, subscription::Subscription};
use uuid::Uuid;

use crate::{
    app::{CUSTOMER, TestApp, cancel, codes, id_of, on_each_database, on_each_database_with, place},
    wire::Fault,
};

const UPDATES: &str = "subscription($id: ID!) { order: orderUpdated(id: $id) \
    { id status version stockReleasedAt lines { sku } events { nodes { to } } } }";

async fn follow(client: &Client, id: &str) -> Subscription {
    client.subscribe(UPDATES, json!({ "id": id })).await
}

async fn order(stream: &mut Subscription) -> Value {
    stream.data().await["order"].take()
}

/// What a stream shows until the order has this status, and that it never goes back.
async fn until(stream: &mut Subscription, status: &str) -> Value {
    let mut last = order(stream).await;
    while last["status"] != status {
        let next = order(stream).await;
        assert!(next["version"].as_i64() > last["version"].as_i64(), "{last} then {next}");
        last = next;
    }
    last
}

#[tokio::test]
async fn a_stream_follows_a_purchase_from_its_first_state_to_its_last() {
    on_each_database_with(
        |settings| settings.answer_within = Duration::from_millis(50),
        async |app| {
            let lamp = app.product("LAMP", "1.00", 5).await;
            let buyer = app.user(Uuid::now_v7());
            app.wire.fail("Reserve", Fault::Hold, 1);
            let id = id_of(&place(&buyer, "k", &[(&lamp, 1)]).await);
            let mut streams = [follow(&buyer, &id).await, follow(&app.staff(), &id).await];
            for stream in &mut streams {
                let first = order(stream).await;
                let nodes = json!([{ "to": "CREATED" }]);
                let expected = json!({ "id": id, "status": "PENDING", "version": 1, "stockReleasedAt": null,
                    "lines": [{ "sku": "LAMP" }], "events": { "nodes": nodes } });
                assert_eq!(first, expected);
            }
            app.wire.let_go();
            for stream in &mut streams {
                assert_eq!(until(stream, "COMPLETED").await["version"], 4);
            }
            cancel(&buyer, &id).await;
            for stream in &mut streams {
                let last = until(stream, "CANCELLED").await;
                assert_eq!(last["version"], 6);
                assert!(last["stockReleasedAt"].is_string(), "{last}");
                assert_eq!(stream.next().await, None, "nothing more can come");
            }
            app.until_open(0).await;
        },
    )
    .await;
}

#[tokio::test]
async fn a_completed_order_is_shown_at_once_and_watched_on() {
    let app = TestApp::start().await;
    let lamp = app.product("LAMP", "1.00", 5).await;
    let buyer = app.user(Uuid::now_v7());
    let id = id_of(&place(&buyer, "k", &[(&lamp, 1)]).await);
    let mut stream = follow(&buyer, &id).await;
    assert_eq!(order(&mut stream).await["status"], "COMPLETED");
    app.until_open(1).await;
    cancel(&buyer, &id).await;
    until(&mut stream, "CANCELLED").await;
}

#[tokio::test]
async fn a_cancelled_order_is_shown_once() {
    let app = TestApp::start().await;
    let lamp = app.product("LAMP", "1.00", 1).await;
    let buyer = app.user(Uuid::now_v7());
    let id = id_of(&place(&buyer, "k", &[(&lamp, 2)]).await);
    let mut stream = follow(&buyer, &id).await;
    assert_eq!(order(&mut stream).await["status"], "CANCELLED");
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn the_order_of_somebody_else_is_refused_as_a_missing_one_is() {
    on_each_database(async |app| {
        let lamp = app.product("LAMP", "1.00", 5).await;
        let id = id_of(&place(&app.user(Uuid::now_v7()), "k", &[(&lamp, 1)]).await);
        let stranger = app.user(Uuid::now_v7());
        let foreign = follow(&stranger, &id).await.rest().await;
        let missing = follow(&stranger, &Uuid::now_v7().to_string()).await.rest().await;
        assert_eq!(foreign, missing);
        assert_eq!((foreign.len(), codes(&foreign[0])), (1, vec!["NOT_FOUND"]));
        let nobody = follow(&app.anonymous(), &id).await.rest().await;
        assert_eq!((nobody.len(), codes(&nobody[0])), (1, vec!["UNAUTHENTICATED"]));
        app.until_open(0).await;
    })
    .await;
}

#[tokio::test]
async fn what_another_process_does_is_noticed() {
    on_each_database(async |app| {
        let lamp = app.product("LAMP", "1.00", 5).await;
        let customer = Uuid::now_v7();
        let id = id_of(&place(&app.user(customer), "k", &[(&lamp, 1)]).await);
        let replica = app.start_replica().await;
        let mut stream = follow(&app.at(&replica, customer, CUSTOMER), &id).await;
        assert_eq!(order(&mut stream).await["status"], "COMPLETED");
        cancel(&app.user(customer), &id).await;
        until(&mut stream, "CANCELLED").await;
        replica.database.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn nothing_is_left_of_clients_that_went_away() {
    let app = TestApp::start().await;
    let lamp = app.product("LAMP", "1.00", 5).await;
    let buyer = app.user(Uuid::now_v7());
    let id = id_of(&place(&buyer, "k", &[(&lamp, 1)]).await);
    let mut streams = Vec::new();
    for _ in 0..10 {
        let mut stream = follow(&buyer, &id).await;
        order(&mut stream).await;
        streams.push(stream);
    }
    app.until_open(10).await;
    drop(streams);
    app.until_open(0).await;
}

#[tokio::test]
async fn those_who_watch_one_order_share_its_reads() {
    const WATCHERS: u64 = 40;
    let app = TestApp::with(|settings| settings.recovery_period = Duration::from_secs(3_600)).await;
    let lamp = app.product("LAMP", "1.00", 5).await;
    let buyer = app.user(Uuid::now_v7());
    let watched = "subscription($id: ID!) { order: orderUpdated(id: $id) { status version } }";
    let mut statements = Vec::new();
    for watchers in [0, WATCHERS] {
        let id = id_of(&place(&buyer, &watchers.to_string(), &[(&lamp, 1)]).await);
        let mut streams = Vec::new();
        for _ in 0..watchers {
            let mut stream = buyer.subscribe(watched, json!({ "id": id })).await;
            order(&mut stream).await;
            streams.push(stream);
        }
        let before = app.orders.database.statements();
        cancel(&buyer, &id).await;
        for stream in &mut streams {
            until(stream, "CANCELLED").await;
        }
        statements.push(app.orders.database.statements() - before);
    }
    let reads = statements[1] - statements[0];
    assert!(reads <= WATCHERS / 2, "{reads} reads for {WATCHERS} watchers of two changes");
}

#[tokio::test]
async fn the_end_of_the_token_is_the_end_of_the_stream() {
    let app = TestApp::start().await;
    let lamp = app.product("LAMP", "1.00", 5).await;
    let customer = Uuid::now_v7();
    let id = id_of(&place(&app.user(customer), "k", &[(&lamp, 1)]).await);
    let mut claims = issuer::claims(&customer.to_string(), CUSTOMER);
    claims.exp = claims.iat + 2;
    let mut stream = follow(&app.bearer(&claims), &id).await;
    order(&mut stream).await;
    let end = stream.rest().await;
    assert_eq!((end.len(), codes(&end[0])), (1, vec!["UNAUTHENTICATED"]));
    app.until_open(0).await;
}

#[tokio::test]
async fn the_end_of_the_process_is_the_end_of_the_stream() {
    let mut app = TestApp::start().await;
    let lamp = app.product("LAMP", "1.00", 5).await;
    let buyer = app.user(Uuid::now_v7());
    let id = id_of(&place(&buyer, "k", &[(&lamp, 1)]).await);
    let mut stream = follow(&buyer, &id).await;
    order(&mut stream).await;
    let asked = Instant::now();
    app.restart().await;
    let end = stream.rest().await;
    assert_eq!((end.len(), codes(&end[0])), (1, vec!["SUBGRAPH_UNAVAILABLE"]));
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
}

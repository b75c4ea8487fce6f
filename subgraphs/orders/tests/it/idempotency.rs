//! One order for each key of a customer.

use std::collections::HashSet;

use futures_util::future::join_all;
use orders::domain::idempotency::Key;
use serde_json::json;
use uuid::Uuid;

use crate::app::{CUSTOMER, id_of, lines_of, on_each_database, place, place_with};

#[tokio::test]
async fn fifty_requests_with_one_key_are_one_order() {
    on_each_database(async |app| {
        let lamp = app.product("LAMP", "1.00", 100).await;
        let buyer = app.user(Uuid::now_v7());
        let lines = [(lamp.as_str(), 2)];
        let payloads = join_all((0..50).map(|_| place(&buyer, "k", &lines))).await;
        let ids: HashSet<String> = payloads.iter().map(id_of).collect();
        assert_eq!(ids.len(), 1);
        for payload in &payloads {
            assert_eq!(payload["order"]["status"], "COMPLETED");
        }
        assert_eq!(app.stock(&lamp).await, (98, 0));
        let listed = app.staff().data("{ orders { totalCount } }", json!({})).await;
        assert_eq!(listed["orders"]["totalCount"], 1);
    })
    .await;
}

#[tokio::test]
async fn a_key_means_one_body_and_belongs_to_one_customer() {
    on_each_database(async |app| {
        let (lamp, rug) = (app.product("LAMP", "1.00", 9).await, app.product("RUG", "1.00", 9).await);
        let buyer = app.user(Uuid::now_v7());
        let first = place(&buyer, "k", &[(&lamp, 1), (&rug, 2)]).await;
        assert_eq!(place(&buyer, "k", &[(&rug, 2), (&lamp, 1)]).await, first, "the order of lines does not matter");
        let reused = json!({ "order": null, "errors": [
            { "__typename": "IdempotencyKeyReusedError", "code": "IDEMPOTENCY_KEY_REUSED", "path": ["idempotencyKey"] },
        ] });
        assert_eq!(place(&buyer, "k", &[(&lamp, 2), (&rug, 2)]).await, reused);
        let expecting = json!({ "idempotencyKey": "k", "lines": lines_of(&[(&lamp, 1), (&rug, 2)]),
                                "expectedTotal": { "amount": "3.00", "currencyCode": "EUR" } });
        assert_eq!(place_with(&buyer, expecting).await, reused);
        let other = place(&app.user(Uuid::now_v7()), "k", &[(&lamp, 1), (&rug, 2)]).await;
        assert_ne!(id_of(&other), id_of(&first));
    })
    .await;
}

#[tokio::test]
async fn a_key_answers_while_the_catalogue_has_changed() {
    on_each_database(async |app| {
        let lamp = app.product("LAMP", "1.00", 9).await;
        let buyer = app.user(Uuid::now_v7());
        let first = place(&buyer, "k", &[(&lamp, 1)]).await;
        app.reprice(&lamp, "5.00").await;
        app.archive(&lamp).await;
        assert_eq!(place(&buyer, "k", &[(&lamp, 1)]).await, first);
    })
    .await;
}

#[tokio::test]
async fn a_key_answers_while_the_catalogue_is_away() {
    on_each_database(async |app| {
        let lamp = app.product("LAMP", "1.00", 9).await;
        let buyer = Uuid::now_v7();
        let first = place(&app.user(buyer), "k", &[(&lamp, 1)]).await;
        let away = "http://127.0.0.1:9/graphql";
        let cut_off = app.start_replica_with(|settings| settings.service.products_url = away.into()).await;
        assert_eq!(place(&app.at(&cut_off, buyer, CUSTOMER), "k", &[(&lamp, 1)]).await, first);
    })
    .await;
}

#[tokio::test]
async fn an_error_that_is_not_about_the_key_is_not_taken_for_a_key_in_use() {
    on_each_database(async |app| {
        let key = Key { user: Uuid::now_v7(), operation: "placeOrder", key: "k".into(), request_hash: "hash".into() };
        let tx = app.orders.database.begin().await.unwrap();
        let claimed = key.claim(&tx, Uuid::now_v7()).await;
        assert!(claimed.is_err(), "a key for an order that is not there: {claimed:?}");
    })
    .await;
}

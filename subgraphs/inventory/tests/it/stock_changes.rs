use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{STAFF, TestApp, change, codes, on_each_database};

fn adjust(product: Uuid, delta: i64, key: &str) -> Value {
    json!({ "productId": product, "delta": delta, "reason": "delivery", "idempotencyKey": key })
}

fn set(product: Uuid, on_hand: i64, key: &str) -> Value {
    json!({ "productId": product, "onHand": on_hand, "reason": "counted", "idempotencyKey": key })
}

#[tokio::test]
async fn units_are_added_taken_away_and_counted() {
    on_each_database(async |app| {
        let (staff, product) = (app.staff(), app.stocked(10).await);
        let more = app.change(&staff, "adjustStock", adjust(product, 5, "a")).await;
        assert_eq!((&more["stock"]["onHand"], &more["stock"]["version"]), (&json!(15), &json!(2)));
        let fewer = app.change(&staff, "adjustStock", adjust(product, -15, "b")).await;
        assert_eq!((&fewer["stock"]["onHand"], &fewer["stock"]["inStock"]), (&json!(0), &json!(false)));
        let counted = app.change(&staff, "setStock", set(product, 4, "c")).await;
        assert_eq!((&counted["stock"]["onHand"], &counted["stock"]["version"]), (&json!(4), &json!(4)));
    })
    .await;
}

#[tokio::test]
async fn units_that_are_promised_cannot_be_taken_away() {
    on_each_database(async |app| {
        let (staff, product) = (app.staff(), app.stocked(10).await);
        app.reserve(Uuid::now_v7(), &[(product, 8)]).await;
        let refused = |path: &str| {
            let error = json!({ "__typename": "InsufficientStockError", "code": "INSUFFICIENT_STOCK",
                "path": [path], "available": 2 });
            json!({ "stock": null, "errors": [error] })
        };
        assert_eq!(app.change(&staff, "adjustStock", adjust(product, -3, "a")).await, refused("delta"));
        assert_eq!(app.change(&staff, "setStock", set(product, 7, "b")).await, refused("onHand"));
        let allowed = app.change(&staff, "adjustStock", adjust(product, -2, "c")).await;
        assert_eq!((&allowed["stock"]["onHand"], &allowed["stock"]["available"]), (&json!(8), &json!(0)));
    })
    .await;
}

#[tokio::test]
async fn units_on_back_order_may_be_promised_beyond_those_on_hand_and_no_further() {
    on_each_database(async |app| {
        let (staff, product) = (app.staff(), app.product().await);
        app.create(json!({ "productId": product, "onHand": 2, "backorderLimit": 3 })).await;
        app.reserve(Uuid::now_v7(), &[(product, 4)]).await;
        assert_eq!(app.change(&staff, "setStock", set(product, 0, "a")).await["stock"], Value::Null);
        let allowed = app.change(&staff, "setStock", set(product, 1, "b")).await;
        assert_eq!((&allowed["stock"]["onHand"], &allowed["stock"]["available"]), (&json!(1), &json!(0)));
    })
    .await;
}

#[tokio::test]
async fn a_stock_has_at_most_a_billion_units() {
    let app = TestApp::start().await;
    let (staff, product) = (app.staff(), app.stocked(10).await);
    let full = app.change(&staff, "setStock", set(product, 1_000_000_000, "a")).await;
    assert_eq!(full["stock"]["onHand"], 1_000_000_000);
    let one_more = app.change(&staff, "adjustStock", adjust(product, 1, "b")).await;
    assert_eq!((&one_more["stock"], &one_more["errors"][0]["path"]), (&Value::Null, &json!(["delta"])));
}

#[tokio::test]
async fn a_product_without_stock_has_none_to_change() {
    on_each_database(async |app| {
        let payload = app.change(&app.staff(), "adjustStock", adjust(Uuid::now_v7(), 1, "a")).await;
        let error = json!({ "__typename": "NotFoundError", "code": "NOT_FOUND", "path": ["productId"] });
        assert_eq!(payload, json!({ "stock": null, "errors": [error] }));
    })
    .await;
}

#[tokio::test]
async fn the_same_key_and_body_get_the_same_answer_whatever_has_happened_since() {
    on_each_database(async |app| {
        let (staff, product) = (app.staff(), app.stocked(10).await);
        let first = app.change(&staff, "adjustStock", adjust(product, 5, "key")).await;
        let refusal = app.change(&staff, "adjustStock", adjust(product, -99, "refused")).await;
        app.change(&staff, "setStock", set(product, 500, "other")).await;
        assert_eq!(app.change(&staff, "adjustStock", adjust(product, 5, "key")).await, first);
        assert_eq!(app.change(&staff, "adjustStock", adjust(product, -99, "refused")).await, refusal);
        assert_eq!(app.stock(product).await["onHand"], 500);
    })
    .await;
}

#[tokio::test]
async fn a_key_stands_for_one_body_of_one_operation_of_one_person() {
    on_each_database(async |app| {
        let (staff, product) = (app.staff(), app.stocked(10).await);
        app.change(&staff, "adjustStock", adjust(product, 1, "key")).await;
        let reused = json!({ "__typename": "IdempotencyKeyReusedError", "code": "IDEMPOTENCY_KEY_REUSED",
            "path": ["idempotencyKey"] });
        let reused = json!({ "stock": null, "errors": [reused] });
        assert_eq!(app.change(&staff, "adjustStock", adjust(product, 2, "key")).await, reused);
        assert_eq!(app.change(&app.staff(), "adjustStock", adjust(product, 2, "key")).await["errors"], json!([]));
        assert_eq!(app.change(&staff, "setStock", set(product, 20, "key")).await["errors"], json!([]));
        assert_eq!(app.stock(product).await["onHand"], 20);
    })
    .await;
}

#[tokio::test]
async fn fifty_parallel_requests_with_one_key_are_one_change() {
    on_each_database(async |app| {
        let (staff, product) = (app.staff(), app.stocked(10).await);
        let requests = (0..50).map(|_| app.change(&staff, "adjustStock", adjust(product, 5, "key")));
        let answers = join_all(requests).await;
        assert_eq!(answers[0]["stock"]["onHand"], 15);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
        assert_eq!(app.stock(product).await["onHand"], 15);
    })
    .await;
}

#[tokio::test]
async fn reasons_keys_and_deltas_have_rules() {
    let app = TestApp::start().await;
    let product = app.stocked(10).await;
    let long = "x".repeat(501);
    for (delta, reason, key, field) in [
        (0, "fine", "key", "delta"),
        (1, " ", "key", "reason"),
        (1, "line\nbreak", "key", "reason"),
        (1, "nul\u{0}", "key", "reason"),
        (1, "\u{202E}backwards", "key", "reason"),
        (1, long.as_str(), "key", "reason"),
        (1, "fine", "", "idempotencyKey"),
        (1, "fine", long.as_str(), "idempotencyKey"),
        (i32::MAX, "fine", "key", "delta"),
    ] {
        let input = json!({ "productId": product, "delta": delta, "reason": reason, "idempotencyKey": key });
        let error = json!({ "__typename": "InvalidInputError", "code": "INVALID_INPUT", "path": [field] });
        let payload = app.change(&app.staff(), "adjustStock", input).await;
        assert_eq!(payload, json!({ "stock": null, "errors": [error] }), "{field}");
    }
    assert_eq!(app.stock(product).await["onHand"], 10);
}

#[tokio::test]
async fn numbers_that_are_no_int_and_fields_that_are_unknown_are_refused() {
    let app = TestApp::start().await;
    let product = app.stocked(10).await;
    for (field, value) in [
        ("delta", json!(2_147_483_648_i64)),
        ("delta", json!(0.5)),
        ("delta", json!("1")),
        ("delta", json!(1e300)),
        ("version", json!(1)),
    ] {
        let mut input = adjust(product, 1, "key");
        input[field] = value;
        let staff = app.anonymous().token(app.token("staff", STAFF));
        let answer = staff.run(&change("adjustStock"), json!({ "input": input })).await;
        assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{answer}");
    }
    assert_eq!(app.stock(product).await["onHand"], 10);
}

use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{CUSTOMER, TestApp, codes, on_each_database};

const LOW: &str = "query($first: Int, $after: String) { lowStock(first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { available levels { lowStockThreshold } product { id } } } }";

/// The ids of all products that are low, read by pages.
async fn low(app: &TestApp, first: i64) -> Vec<Uuid> {
    let (mut ids, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = app.staff().data(LOW, json!({ "first": first, "after": after })).await["lowStock"].take();
        let nodes = page["nodes"].as_array().unwrap();
        ids.extend(nodes.iter().map(|node| Uuid::parse_str(node["product"]["id"].as_str().unwrap()).unwrap()));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            assert_eq!(page["totalCount"], ids.len());
            return ids;
        }
    }
}

async fn watched(app: &TestApp, on_hand: i64, threshold: i64) -> Uuid {
    let product = app.product().await;
    let input = json!({ "productId": product, "onHand": on_hand, "lowStockThreshold": threshold });
    assert_eq!(app.create(input).await["errors"], json!([]));
    product
}

async fn set_threshold(app: &TestApp, product: Uuid, threshold: Value) -> Value {
    let mutation = "mutation($input: SetLowStockThresholdInput!) { setLowStockThreshold(input: $input) {
        stock { version levels { lowStockThreshold } } errors { __typename ... on UserError { code path } } } }";
    let input = json!({ "input": { "productId": product, "threshold": threshold } });
    app.staff().data(mutation, input).await["setLowStockThreshold"].take()
}

#[tokio::test]
async fn a_stock_is_low_while_no_more_is_available_than_its_threshold() {
    on_each_database(async |app| {
        let (product, order) = (watched(app, 10, 6).await, Uuid::now_v7());
        watched(app, 10, 0).await;
        app.stocked(0).await;
        assert!(low(app, 20).await.is_empty());
        app.reserve(order, &[(product, 3)]).await;
        assert!(low(app, 20).await.is_empty());
        app.reserve(Uuid::now_v7(), &[(product, 1)]).await;
        assert_eq!(low(app, 20).await, [product]);
        app.settle("commitReservation", order).await;
        assert_eq!(low(app, 20).await, [product]);
        app.settle("returnReservation", order).await;
        assert!(low(app, 20).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_threshold_is_set_changed_and_forgotten_without_a_change_of_the_stock() {
    on_each_database(async |app| {
        let product = app.stocked(10).await;
        let set = |threshold: Value| {
            json!({ "stock": { "version": 1, "levels": [{ "lowStockThreshold": threshold }] }, "errors": [] })
        };
        for (threshold, is_low) in [(json!(9), false), (json!(10), true), (json!(0), false), (json!(11), true)] {
            assert_eq!(set_threshold(app, product, threshold.clone()).await, set(threshold));
            assert_eq!(!low(app, 20).await.is_empty(), is_low);
        }
        assert_eq!(set_threshold(app, product, Value::Null).await, set(Value::Null));
        assert!(low(app, 20).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_is_low_is_read_page_by_page() {
    on_each_database(async |app| {
        let mut products = Vec::new();
        for _ in 0..5 {
            products.push(watched(app, 1, 1).await);
            watched(app, 2, 1).await;
        }
        assert_eq!(low(app, 2).await, products);
        assert_eq!(low(app, 5).await, products);
        let answer = app.staff().run(LOW, json!({ "first": 101 })).await;
        assert_eq!(codes(&answer), ["BAD_USER_INPUT"]);
    })
    .await;
}

#[tokio::test]
async fn thresholds_have_bounds_and_belong_to_a_stock() {
    let app = TestApp::start().await;
    let product = app.stocked(1).await;
    let refused = |typename: &str, code: &str, path: &str| {
        let error = json!({ "__typename": typename, "code": code, "path": [path] });
        json!({ "stock": null, "errors": [error] })
    };
    for threshold in [-1, 1_000_000_001] {
        let answer = set_threshold(&app, product, json!(threshold)).await;
        assert_eq!(answer, refused("InvalidInputError", "INVALID_INPUT", "threshold"));
        let input = json!({ "productId": product, "onHand": 1, "lowStockThreshold": threshold });
        assert_eq!(app.create(input).await, refused("InvalidInputError", "INVALID_INPUT", "lowStockThreshold"));
    }
    let answer = set_threshold(&app, Uuid::now_v7(), json!(1)).await;
    assert_eq!(answer, refused("NotFoundError", "NOT_FOUND", "productId"));
}

#[tokio::test]
async fn a_shopper_is_not_told_what_lies_where_or_from_when_on_it_is_low() {
    let app = TestApp::start().await;
    let product = watched(&app, 7, 3).await;
    let query = "query($ids: [ID!]!) { availability(productIds: $ids) { available levels { lowStockThreshold } } }";
    let answer = app.holder(CUSTOMER).run(query, json!({ "ids": [product] })).await;
    let stock = &answer["data"]["availability"][0];
    assert_eq!((&stock["available"], &stock["levels"]), (&json!(7), &Value::Null));
    assert_eq!(codes(&answer), ["FORBIDDEN"]);
}

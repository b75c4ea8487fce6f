use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{STAFF, TestApp, change, codes, on_each_database};

#[tokio::test]
async fn stock_is_created_for_a_product_of_the_catalogue() {
    on_each_database(async |app| {
        let product = app.product().await;
        let payload = app.create(json!({ "productId": product, "onHand": 7, "backorderLimit": 3 })).await;
        let stock = json!({
            "product": { "id": product }, "onHand": 7, "reserved": 0, "backorderLimit": 3, "available": 10,
            "inStock": true, "version": 1,
        });
        assert_eq!(payload, json!({ "stock": stock, "errors": [] }));
    })
    .await;
}

#[tokio::test]
async fn a_product_has_one_stock() {
    on_each_database(async |app| {
        let product = app.stocked(7).await;
        let payload = app.create(json!({ "productId": product, "onHand": 9 })).await;
        let error = json!({ "__typename": "StockExistsError", "code": "STOCK_EXISTS", "path": ["productId"] });
        assert_eq!(payload, json!({ "stock": null, "errors": [error] }));
        assert_eq!(app.stock(product).await["onHand"], 7);
    })
    .await;
}

#[tokio::test]
async fn a_product_that_the_catalogue_does_not_have_gets_no_stock() {
    on_each_database(async |app| {
        let unknown = Uuid::now_v7();
        let payload = app.create(json!({ "productId": unknown, "onHand": 1 })).await;
        let error = json!({ "__typename": "ProductNotFoundError", "code": "PRODUCT_NOT_FOUND", "path": ["productId"] });
        assert_eq!(payload, json!({ "stock": null, "errors": [error] }));
        assert_eq!(app.stock(unknown).await, Value::Null);
    })
    .await;
}

#[tokio::test]
async fn while_products_is_down_nothing_is_written() {
    let app = TestApp::start().await;
    let product = app.product().await;
    let unreachable = app.stop_products();
    let alone = app.replica(|settings| *settings = unreachable).await.token(app.token("staff", STAFF));
    let input = json!({ "input": { "productId": product, "onHand": 1 } });
    let answer = alone.run(&change("createStock"), input).await;
    assert_eq!(codes(&answer), ["SUBGRAPH_UNAVAILABLE"], "{answer}");
    assert_eq!(app.stock(product).await, Value::Null);
}

#[tokio::test]
async fn units_are_from_nothing_to_a_billion() {
    let app = TestApp::start().await;
    let product = app.product().await;
    for (on_hand, backorder_limit, field) in
        [(-1, 0, "onHand"), (1_000_000_001, 0, "onHand"), (0, -1, "backorderLimit"), (0, i32::MAX, "backorderLimit")]
    {
        let input = json!({ "productId": product, "onHand": on_hand, "backorderLimit": backorder_limit });
        let error = json!({ "__typename": "InvalidInputError", "code": "INVALID_INPUT", "path": [field] });
        assert_eq!(app.create(input).await, json!({ "stock": null, "errors": [error] }));
    }
    let most = json!({ "productId": product, "onHand": 1_000_000_000, "backorderLimit": 1_000_000_000 });
    assert_eq!(app.create(most).await["stock"]["available"], 2_000_000_000);
}

#[tokio::test]
async fn what_is_no_id_of_this_graph_is_refused() {
    let app = TestApp::start().await;
    for id in ["", "1", "../etc/passwd", "019B76DA-A800-7C83-9C0A-F0823D7B34DF", "' OR 1=1 --", "\u{0}"] {
        let input = json!({ "input": { "productId": id, "onHand": 1 } });
        let answer = app.staff().run(&change("createStock"), input).await;
        assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{id:?}: {answer}");
    }
}

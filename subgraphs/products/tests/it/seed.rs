//! The demo catalogue.

use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn a_catalogue_is_seeded_once() {
    for app in TestApp::on_each_database().await {
        app.seed().await;
        app.seed().await;
        let first = demo::product(0);
        let query =
            "query($id: ID) { products { totalCount } product(id: $id) { sku name price { amount } createdAt } }";
        let answer = app.anonymous().data(query, json!({ "id": first.id.to_string() })).await;
        assert_eq!(
            answer,
            json!({
                "products": { "totalCount": 200 },
                "product": {
                    "sku": first.sku,
                    "name": first.name,
                    "price": { "amount": "94.90" },
                    "createdAt": "2026-01-01T00:00:00Z",
                },
            })
        );
    }
}

#[tokio::test]
async fn a_catalogue_that_has_products_is_not_seeded() {
    let app = TestApp::start().await;
    app.product("A-1", "Lamp").await;
    app.seed().await;
    let answer = app.anonymous().data("{ products { totalCount } }", json!({})).await;
    assert_eq!(answer, json!({ "products": { "totalCount": 1 } }));
}

use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{TestApp, on_each_database};

const STOCK: &str = "query($representations: [_Any!]!) { _entities(representations: $representations) {
    ... on Product { id stock { onHand available product { id } } } } }";

async fn stock(app: &TestApp, ids: &[String]) -> Value {
    let representations: Vec<_> = ids.iter().map(|id| json!({ "__typename": "Product", "id": id })).collect();
    app.anonymous().data(STOCK, json!({ "representations": representations })).await["_entities"].take()
}

#[tokio::test]
async fn a_batch_with_an_unknown_product_returns_the_others_and_costs_one_statement() {
    on_each_database(async |app| {
        let (one, two, unknown) = (app.stocked(1).await, app.stocked(2).await, Uuid::now_v7());
        let ids = [one, unknown, two, one].map(|id| id.to_string());
        let (answer, statements) = app.counted(stock(app, &ids)).await;
        let found = |id: Uuid, units: i32| {
            json!({ "id": id, "stock": { "onHand": units, "available": units, "product": { "id": id } } })
        };
        assert_eq!(answer, json!([found(one, 1), { "id": unknown, "stock": null }, found(two, 2), found(one, 1)]));
        assert_eq!(statements, 1);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_an_id_is_null_among_the_others() {
    let app = TestApp::start().await;
    let product = app.stocked(1).await.to_string();
    let answer = stock(&app, &["nonsense".into(), product.clone(), product.to_uppercase()]).await;
    assert_eq!((&answer[0], &answer[1]["id"], &answer[2]), (&Value::Null, &json!(product), &Value::Null));
}

#[tokio::test]
async fn a_thousand_references_are_one_statement_and_more_are_refused() {
    on_each_database(async |app| {
        let ids: Vec<_> = (0..1_001).map(|_| Uuid::now_v7().to_string()).collect();
        let (answer, statements) = app.counted(stock(app, &ids[..1_000])).await;
        assert_eq!(answer.as_array().unwrap().len(), 1_000);
        assert_eq!(statements, 1);
        let representations: Vec<_> = ids.iter().map(|id| json!({ "__typename": "Product", "id": id })).collect();
        let (status, _) = app.anonymous().send(STOCK, json!({ "representations": representations })).await;
        assert_eq!(status, 400);
    })
    .await;
}

#[tokio::test]
async fn the_schema_is_a_federation_2_document_without_the_protocol_of_reservations_in_public() {
    let app = TestApp::start().await;
    let sdl = app.anonymous().data("{ _service { sdl } }", json!({})).await["_service"]["sdl"].take();
    let sdl = sdl.as_str().unwrap();
    assert!(sdl.contains("federation/v2"), "{sdl}");
    assert!(sdl.contains(r#"type Product @key(fields: "id")"#), "{sdl}");
    for declaration in sdl.lines().filter(|line| line.starts_with("type Reserv") || line.contains("Reservation(")) {
        assert!(declaration.contains("@inaccessible"), "{declaration}");
    }
}

use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{TestApp, codes, on_each_database};

const FIELDS: &str = "onHand reserved backorderLimit available inStock version updatedAt product { id }";

async fn availability(app: &TestApp, ids: &[Uuid]) -> Value {
    let query = format!("query($ids: [ID!]!) {{ availability(productIds: $ids) {{ {FIELDS} }} }}");
    app.anonymous().run(&query, json!({ "ids": ids })).await
}

async fn stock_of(app: &TestApp, id: Uuid) -> Value {
    let query = format!(
        "query($references: [_Any!]!) {{ _entities(representations: $references) {{ \
            ... on Product {{ stock {{ {FIELDS} }} }} }} }}"
    );
    let references = json!({ "references": [{ "__typename": "Product", "id": id }] });
    app.anonymous().data(&query, references).await["_entities"][0]["stock"].take()
}

#[tokio::test]
async fn a_cart_learns_of_each_product_what_its_own_page_says_in_one_statement() {
    on_each_database(async |app| {
        let (one, two, none) = (app.stocked(10).await, app.product().await, app.product().await);
        app.create(json!({ "productId": two, "onHand": 2, "backorderLimit": 3 })).await;
        app.reserve(Uuid::now_v7(), &[(one, 4), (two, 3)]).await;
        let (answer, statements) = app.counted(availability(app, &[two, none, Uuid::now_v7(), one, two])).await;
        let (of_one, of_two) = (stock_of(app, one).await, stock_of(app, two).await);
        assert_eq!(
            (&of_one["available"], &of_two["available"], &of_two["inStock"]),
            (&json!(6), &json!(2), &json!(false))
        );
        assert_eq!(answer["data"]["availability"], json!([of_two, null, null, of_one, of_two]));
        assert_eq!(statements, 1);
    })
    .await;
}

#[tokio::test]
async fn a_cart_has_at_most_200_products() {
    on_each_database(async |app| {
        let ids: Vec<_> = (0..200).map(|_| Uuid::now_v7()).chain([app.stocked(1).await]).collect();
        let (answer, statements) = app.counted(availability(app, &ids[1..])).await;
        assert_eq!((answer["data"]["availability"].as_array().unwrap().len(), statements), (200, 1));
        assert_eq!(codes(&availability(app, &ids).await), ["BAD_USER_INPUT"]);
        assert_eq!(availability(app, &[]).await, json!({ "data": { "availability": [] } }));
    })
    .await;
}

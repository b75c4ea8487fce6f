//! What other subgraphs and services find products by, and what it costs.

use serde_json::{Value, json};

use crate::app::{SERVICE, TestApp};

const UNKNOWN: &str = "019b76da-a800-7c83-9c0a-f0823d7b34df";
const REFERENCES: &str = "query($representations: [_Any!]!) {
    _entities(representations: $representations) { __typename ... on Product { id sku name } }
}";

async fn skus(app: &TestApp, count: usize) -> Vec<Value> {
    let mut products = Vec::new();
    for n in 0..count {
        let mut product = app.product(&format!("A-{n}"), &format!("Lamp {n}")).await;
        products.push(json!({ "id": product["id"].take(), "sku": product["sku"].take() }));
    }
    products
}

#[tokio::test]
async fn a_batch_of_references_with_an_unknown_one_gives_the_others_and_costs_one_statement() {
    for app in TestApp::on_each_database().await {
        let products = skus(&app, 5).await;
        for key in ["id", "sku"] {
            let mut representations: Vec<_> =
                products.iter().map(|product| json!({ "__typename": "Product", key: product[key] })).collect();
            representations.insert(2, json!({ "__typename": "Product", key: UNKNOWN }));
            representations.push(json!({ "__typename": "Product", key: "no \u{0} key" }));
            let variables = json!({ "representations": representations });
            let (answer, statements) = app.counted(app.anonymous().data(REFERENCES, variables)).await;
            let found: Vec<_> = answer["_entities"].as_array().unwrap().iter().map(|product| &product["sku"]).collect();
            assert_eq!(
                found,
                ["A-0", "A-1", "", "A-2", "A-3", "A-4", ""]
                    .map(|sku| if sku.is_empty() { Value::Null } else { sku.into() })
                    .each_ref()
            );
            assert_eq!(statements, 1, "by {key}");
        }
    }
}

#[tokio::test]
async fn references_by_both_keys_in_one_request_cost_one_statement_a_key() {
    let app = TestApp::start().await;
    let products = skus(&app, 4).await;
    let representations: Vec<_> = products
        .iter()
        .enumerate()
        .map(|(n, product)| {
            let key = if n % 2 == 0 { "id" } else { "sku" };
            json!({ "__typename": "Product", key: product[key] })
        })
        .collect();
    let variables = json!({ "representations": representations });
    let (answer, statements) = app.counted(app.anonymous().data(REFERENCES, variables)).await;
    let found: Vec<_> = answer["_entities"].as_array().unwrap().iter().map(|product| &product["id"]).collect();
    assert_eq!(found, products.iter().map(|product| &product["id"]).collect::<Vec<_>>());
    assert_eq!(statements, 2);
}

#[tokio::test]
async fn a_thousand_references_cost_one_statement_and_more_are_refused() {
    let app = TestApp::start().await;
    app.seed().await;
    let batch = |count: usize| {
        let ids = (0..count)
            .map(|n| if n < 200 { demo::product(n as u64).id.to_string() } else { subgraph::Id::fresh().to_string() });
        let representations: Vec<_> = ids.map(|id| json!({ "__typename": "Product", "id": id })).collect();
        json!({ "representations": representations })
    };
    let (answer, statements) = app.counted(app.anonymous().data(REFERENCES, batch(1_000))).await;
    let found = answer["_entities"].as_array().unwrap().iter().filter(|product| !product.is_null()).count();
    assert_eq!((found, statements), (200, 1));
    let (status, answer) = app.anonymous().send(REFERENCES, batch(1_001)).await;
    assert_eq!((status, crate::app::codes(&answer)), (400, vec!["MAX_LIST"]));
}

#[tokio::test]
async fn services_look_products_up_in_their_own_order() {
    for app in TestApp::on_each_database().await {
        let products = skus(&app, 3).await;
        let id = |n: usize| &products[n]["id"];
        let query = "query($ids: [ID!]!) { productsByIds(ids: $ids) { id sku } }";
        let variables = json!({ "ids": [id(2), UNKNOWN, id(0), "nonsense", id(2)] });
        let (answer, statements) = app.counted(app.holder(SERVICE).data(query, variables)).await;
        assert_eq!(answer["productsByIds"], json!([products[2], null, products[0], null, products[2]]));
        assert_eq!(statements, 1);
    }
}

#[tokio::test]
async fn several_products_asked_for_by_alias_cost_one_statement() {
    let app = TestApp::start().await;
    let products = skus(&app, 3).await;
    let aliases: Vec<_> = products
        .iter()
        .enumerate()
        .map(|(n, product)| format!("p{n}: product(id: {}) {{ id }}", product["id"]))
        .collect();
    let query = format!("{{ {} }}", aliases.join(" "));
    let (_, statements) = app.counted(app.anonymous().data(&query, json!({}))).await;
    assert_eq!(statements, 1);
}

#[tokio::test]
async fn a_product_is_found_by_exactly_one_key() {
    let app = TestApp::start().await;
    let product = app.product("A-1", "Lamp").await;
    let query = "query($id: ID, $slug: String, $sku: String) { product(id: $id, slug: $slug, sku: $sku) { sku } }";
    for variables in [json!({ "id": product["id"] }), json!({ "slug": "lamp" }), json!({ "sku": "A-1" })] {
        let answer = app.anonymous().data(query, variables).await;
        assert_eq!(answer, json!({ "product": { "sku": "A-1" } }));
    }
    for variables in [json!({ "id": UNKNOWN }), json!({ "slug": "lampe" }), json!({ "sku": "a-1" })] {
        let answer = app.anonymous().data(query, variables).await;
        assert_eq!(answer, json!({ "product": null }));
    }
    for variables in [json!({}), json!({ "slug": "lamp", "sku": "A-1" }), json!({ "id": "7" })] {
        let answer = app.anonymous().run(query, variables).await;
        assert_eq!(crate::app::codes(&answer), ["BAD_USER_INPUT"]);
    }
}

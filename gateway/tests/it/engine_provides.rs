//! What `@provides` promises of one field it does not promise of another.

use serde_json::json;

use crate::engine::{Subgraph, ask, gateway};

/// `best` provides the name of a product, `worst` its price: two copies of `Product` that the planner takes for one.
#[tokio::test]
async fn fields_of_two_types_do_not_share_what_they_provide() {
    let product = |name: &str| json!({ "__typename": "Product", "id": "a", name: "provided" });
    let reviews = Subgraph::new(
        "reviews",
        r#"
            type Query { shop: Shop list: List }
            type Shop { best: Product @provides(fields: "name") }
            type List { worst: Product @provides(fields: "price") }
            type Product @key(fields: "id") { id: ID! name: String @external price: String @external }
        "#,
        json!({ "Query": { "shop": { "best": product("name") }, "list": { "worst": product("price") } } }),
    )
    .await;
    let products = Subgraph::new(
        "products",
        r#"type Product @key(fields: "id") { id: ID! name: String price: String }"#,
        json!({ "entities": [{ "__typename": "Product", "id": "a", "name": "fetched", "price": "fetched" }] }),
    )
    .await;
    let gateway = gateway(&[&reviews, &products]);
    let best = ask(&gateway, "{ shop { best { price } } }").await;
    assert_eq!(best, json!({ "data": { "shop": { "best": { "price": "fetched" } } } }));
    let worst = ask(&gateway, "{ list { worst { name } } }").await;
    assert_eq!(worst, json!({ "data": { "list": { "worst": { "name": "fetched" } } } }));
}

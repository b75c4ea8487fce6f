//! Inputs of `@requires` beside what the client asks for under the same name.

use serde_json::json;

use crate::engine::{Subgraph, ask, gateway};

/// `load` needs `count` in kilograms.
async fn parts() -> [Subgraph; 2] {
    [
        Subgraph::new(
            "catalog",
            r#"
                type Query { product: Product }
                type Product @key(fields: "id") { id: ID! parts: [Part!] }
                type Part { count(unit: String): Int }
            "#,
            json!({ "Query": { "product": { "__typename": "Product", "id": "1", "parts": [{ "count": 3 }] } } }),
        )
        .await,
        Subgraph::new(
            "shipping",
            r#"
                type Product @key(fields: "id") {
                    id: ID!
                    parts: [Part!] @external
                    load: Int @requires(fields: "parts { count(unit: \"kg\") }")
                }
                type Part { count(unit: String): Int @external }
            "#,
            json!({ "entities": [{ "__typename": "Product", "id": "1", "load": 7 }] }),
        )
        .await,
    ]
}

#[tokio::test]
async fn a_field_that_is_required_with_other_arguments_has_a_key_of_its_own() {
    let [catalog, shipping] = parts().await;
    let gateway = gateway(&[&catalog, &shipping]);
    for query in ["{ product { parts { count } load } }", r#"{ product { load parts { count(unit: "piece") } } }"#] {
        let response = ask(&gateway, query).await;
        assert_eq!(response["data"]["product"], json!({ "parts": [{ "count": 3 }], "load": 7 }), "{response:#}");
        assert_eq!(response.get("errors"), None);
    }
    for request in catalog.requests() {
        let query = request.query();
        assert!(query.contains(r#" count(unit: "kg")"#) && query.contains("_m0: count"), "{query}");
    }
}

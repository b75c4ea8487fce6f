//! Inputs of `@requires` beside what the client asks for under the same name.

use serde_json::{Value, json};

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

/// `feed` knows posts by `id`, `new` by `slug`; `old` knows both, and the title that `teaser` is made of.
async fn posts() -> [Subgraph; 3] {
    let post = |fields: Value| {
        let mut post = json!({ "__typename": "Post" });
        post.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        post
    };
    [
        Subgraph::new(
            "feed",
            r#"type Query { front: Post } type Post @key(fields: "id") { id: ID! }"#,
            json!({ "Query": { "front": post(json!({ "id": "1" })) } }),
        )
        .await,
        Subgraph::new(
            "old",
            r#"
                type Post @key(fields: "id") @key(fields: "slug") {
                    id: ID! slug: String! title: String! related: [Post]
                }
            "#,
            json!({ "entities": [
                post(json!({ "id": "1", "slug": "a", "title": "A", "related": [post(json!({ "id": "2", "slug": "b", "title": "B" }))] })),
                post(json!({ "id": "2", "slug": "b", "title": "B" }))
            ] }),
        )
        .await,
        Subgraph::new(
            "new",
            r#"
                type Post @key(fields: "slug") {
                    slug: String!
                    title: String! @external
                    teaser: String @requires(fields: "title")
                }
            "#,
            json!({ "entities": [post(json!({ "slug": "a", "teaser": "A…" })), post(json!({ "slug": "b", "teaser": "B…" }))] }),
        )
        .await,
    ]
}

#[tokio::test]
async fn what_is_required_can_come_with_the_key_from_a_third_subgraph() {
    let [feed, old, new] = posts().await;
    let gateway = gateway(&[&feed, &old, &new]);
    assert_eq!(ask(&gateway, "{ front { teaser } }").await, json!({ "data": { "front": { "teaser": "A…" } } }));
    assert_eq!(new.request().representations(), [json!({ "__typename": "Post", "slug": "a", "title": "A" })]);
}

#[tokio::test]
async fn what_requires_something_can_be_asked_of_objects_inside_objects_of_the_same_type() {
    let [feed, old, new] = posts().await;
    let gateway = gateway(&[&feed, &old, &new]);
    assert_eq!(
        ask(&gateway, "{ front { related { teaser } teaser } }").await,
        json!({ "data": { "front": { "related": [{ "teaser": "B…" }], "teaser": "A…" } } })
    );
}

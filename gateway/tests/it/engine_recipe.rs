//! Operations that other gateways, or the planner alone, answer wrongly: canonical planning, projection of the original.

use http::StatusCode;
use serde_json::{Value, json};

use crate::engine::{Subgraph, ask, ask_with, gateway};

/// `email` is the key of `User` in one subgraph, and what a client may call something else.
async fn users() -> [Subgraph; 2] {
    [
        Subgraph::new(
            "email",
            r#"type Query { user: User } type User @key(fields: "id") { id: ID! email: String! @shareable }"#,
            json!({ "Query": { "user": { "__typename": "User", "id": "1", "email": "a@x.test" } } }),
        )
        .await,
        Subgraph::new(
            "nickname",
            r#"type User @key(fields: "email") { email: String! @shareable nickname: String! }"#,
            json!({ "entities": [{ "__typename": "User", "email": "a@x.test", "nickname": "ada" }] }),
        )
        .await,
    ]
}

#[tokio::test]
async fn an_alias_that_is_the_name_of_a_key_does_not_replace_the_key() {
    let [email, nickname] = users().await;
    let gateway = gateway(&[&email, &nickname]);
    assert_eq!(ask(&gateway, "{ user { email: nickname } }").await, json!({ "data": { "user": { "email": "ada" } } }));
    assert_eq!(
        ask(&gateway, "{ user { email: id nickname id: email } }").await,
        json!({ "data": { "user": { "email": "1", "nickname": "ada", "id": "a@x.test" } } })
    );
}

#[tokio::test]
async fn an_alias_that_is_the_name_of_its_field_is_no_alias() {
    let [email, nickname] = users().await;
    let gateway = gateway(&[&email, &nickname]);
    assert_eq!(
        ask(&gateway, "{ user: user { id: id } user { email } }").await,
        json!({ "data": { "user": { "id": "1", "email": "a@x.test" } } })
    );
    assert_eq!(email.request().query(), "{user{id email}}");
}

#[tokio::test]
async fn keys_come_in_the_order_of_collect_fields() {
    let [email, nickname] = users().await;
    let gateway = gateway(&[&email, &nickname]);
    let query =
        "{ user { nickname ...F id @skip(if: true) a: id } } fragment F on User { email id ... { b: nickname } }";
    let response = ask(&gateway, query).await.to_string();
    let expected = r#"{"data":{"user":{"nickname":"ada","email":"a@x.test","id":"1","b":"ada","a":"1"}}}"#;
    assert_eq!(response, expected);
}

#[tokio::test]
async fn a_field_that_is_selected_again_after_a_fragment_adds_its_keys_after_those_of_the_fragment() {
    let [email, nickname] = users().await;
    let gateway = gateway(&[&email, &nickname]);
    for fragment in ["... on Query { user { id } }", "user: user { id }", "user @include(if: true) { id }"] {
        let query = format!("{{ user {{ nickname }} {fragment} user {{ email }} }}");
        let response = ask(&gateway, &query).await.to_string();
        assert_eq!(response, r#"{"data":{"user":{"nickname":"ada","id":"1","email":"a@x.test"}}}"#, "{query}");
    }
}

async fn media() -> Subgraph {
    Subgraph::new(
        "media",
        r"
            type Query { media: Media nodes: [Node!]! }
            union Media = Book | Song
            interface Node { id: ID! }
            type Book implements Node { id: ID! title: String }
            type Song implements Node { id: ID! title: String subtitle: String }
        ",
        json!({ "Query": {
            "media": { "__typename": "Book", "id": "b1", "title": "Emma" },
            "nodes": [
                { "__typename": "Book", "id": "b1", "title": "Emma" },
                { "__typename": "Song", "id": "s1", "title": "Aria", "subtitle": "a song" }
            ]
        } }),
    )
    .await
}

#[tokio::test]
async fn conditions_of_fragments_are_applied_before_planning() {
    let media = media().await;
    let gateway = gateway(&[&media]);
    let query = "query($v: Boolean!) { media { ... on Media @include(if: $v) { __typename } } }";
    assert_eq!(
        ask_with(&gateway, query, json!({ "v": true })).await,
        json!({ "data": { "media": { "__typename": "Book" } } })
    );
    assert_eq!(ask_with(&gateway, query, json!({ "v": false })).await, json!({ "data": { "media": {} } }));
}

#[tokio::test]
async fn a_selection_of_which_everything_is_skipped_leaves_empty_objects() {
    let media = media().await;
    let gateway = gateway(&[&media]);
    assert_eq!(
        ask(&gateway, "{ nodes { ... on Book { id @skip(if: true) } } }").await,
        json!({ "data": { "nodes": [{}, {}] } })
    );
    assert_eq!(
        ask(&gateway, "{ nodes { ... on Node @include(if: true) { id } id } }").await,
        json!({ "data": { "nodes": [{ "id": "b1" }, { "id": "s1" }] } })
    );
}

#[tokio::test]
async fn conditions_by_variable_apply_to_fields_of_every_subgraph() {
    let [email, nickname] = users().await;
    let gateway = gateway(&[&email, &nickname]);
    let query = "query($v: Boolean! = false) { user { id nickname @include(if: $v) } }";
    assert_eq!(ask(&gateway, query).await, json!({ "data": { "user": { "id": "1" } } }));
    assert_eq!(nickname.requests().len(), 0);
    assert_eq!(
        ask_with(&gateway, query, json!({ "v": true })).await,
        json!({ "data": { "user": { "id": "1", "nickname": "ada" } } })
    );
}

#[tokio::test]
async fn an_alias_of_typename_shows_the_runtime_type() {
    let media = media().await;
    let gateway = gateway(&[&media]);
    assert_eq!(
        ask(&gateway, "{ media { kind: __typename ... on Book { __typename } } root: __typename }").await,
        json!({ "data": { "media": { "kind": "Book", "__typename": "Book" }, "root": "Query" } })
    );
}

#[tokio::test]
async fn typename_alone_at_the_root_asks_no_subgraph() {
    let media = media().await;
    let gateway = gateway(&[&media]);
    assert_eq!(
        ask(&gateway, "{ __typename a: __typename }").await,
        json!({ "data": { "__typename": "Query", "a": "Query" } })
    );
    assert_eq!(media.requests().len(), 0);
}

/// `title` is `String!` and `String`: a subgraph refuses both under one key, and so would this gateway's own validation.
#[tokio::test]
async fn one_response_key_with_two_nullabilities_in_a_subgraph_is_fetched_under_two_keys() {
    let strict = r#"
        type Query { things: [Thing!]! }
        union Thing = Book | Song
        type Book @key(fields: "id") { id: ID! @shareable label: String! @shareable next: Thing }
        type Song @key(fields: "id") { id: ID! @shareable label: String @shareable next: Thing }
    "#;
    let data = json!({ "Query": { "things": [
        { "__typename": "Book", "id": "1", "label": "Emma", "next": { "__typename": "Song", "id": "2", "label": "Aria" } },
        { "__typename": "Song", "id": "2", "label": "Aria", "next": { "__typename": "Book", "id": "1", "label": "Emma" } }
    ] } });
    let one = Subgraph::new("one", strict, data).await;
    let loose = r#"type Book @key(fields: "id") { id: ID! @shareable label: String @shareable }"#;
    let two = Subgraph::new("two", loose, json!({ "entities": [] })).await;
    let gateway = gateway(&[&one, &two]);
    let query = "{ things { ... on Book { label next { ... on Book { label } ... on Song { label } } } ... on Song { label } } }";
    assert_eq!(
        ask(&gateway, query).await,
        json!({ "data": { "things": [{ "label": "Emma", "next": { "label": "Aria" } }, { "label": "Aria" }] } })
    );
    let sent = one.request();
    assert!(sent.query().contains("_m0: label") && sent.query().contains("_m1: label"), "{}", sent.query());
}

#[tokio::test]
async fn one_alias_of_different_fields_is_fetched_under_two_keys() {
    let media = media().await;
    let gateway = gateway(&[&media]);
    assert_eq!(
        ask(&gateway, "{ nodes { ... on Book { x: id } ... on Song { x: id y: title } } }").await,
        json!({ "data": { "nodes": [{ "x": "b1" }, { "x": "s1", "y": "Aria" }] } })
    );
    let query = "{ nodes { ... on Book { x: title } ... on Song { x: subtitle } } }";
    assert_eq!(ask(&gateway, query).await, json!({ "data": { "nodes": [{ "x": "Emma" }, { "x": "a song" }] } }));
    let sent = media.requests()[1].query().to_owned();
    assert!(sent.contains("_m0: title") && sent.contains("_m1: subtitle"), "{sent}");
}

#[tokio::test]
async fn a_field_selected_twice_with_different_selections_is_merged() {
    let shop = Subgraph::new(
        "shop",
        "type Query { products: [Product!]! } type Product { price: Price } type Price { amount: Int currency: String }",
        json!({ "Query": { "products": [{ "price": { "amount": 5, "currency": "EUR" } }] } }),
    )
    .await;
    let gateway = gateway(&[&shop]);
    assert_eq!(
        ask(&gateway, "{ products { price: price { currency } price { __typename } } }").await,
        json!({ "data": { "products": [{ "price": { "currency": "EUR", "__typename": "Price" } }] } })
    );
}

#[tokio::test]
async fn arguments_travel_as_they_were_written() {
    let echo = Subgraph::new(
        "echo",
        r"
            type Query { echo(text: String, size: Size, in: In, list: [Int!]): String }
            enum Size { SMALL LARGE }
            input In { a: String b: [In!] }
        ",
        json!({ "Query": { "echo": "ok" } }),
    )
    .await;
    let gateway = gateway(&[&echo]);
    let query = r#"query($t: String = "x\"y\n\\", $i: [Int!]) {
        a: echo(text: $t, size: LARGE, in: { a: "\"quoted\" \u00e9", b: [{ a: null }] }, list: $i)
    }"#;
    let response = ask_with(&gateway, query, json!({ "i": 7 })).await;
    assert_eq!(response, json!({ "data": { "a": "ok" } }));
    let sent = echo.request();
    assert_eq!(sent.body["variables"], json!({ "t": "x\"y\n\\", "i": [7] }) as Value);
    assert!(sent.query().contains(r#"a: "\"quoted\" é""#), "{}", sent.query());
    assert!(sent.query().contains("size: LARGE"), "{}", sent.query());
}

/// `price` in two currencies has one place in a reference. What the planner makes of it would send the wrong one.
#[tokio::test]
async fn two_values_of_a_required_field_are_never_mixed_up() {
    let sdl = r#"
        type Query { products: [Product] }
        type Product @key(fields: "id") { id: ID! price(in: String!): Int weight: Int category: Category }
        type Category { average(in: String!): Int }
    "#;
    let one = Subgraph::scripted("one", sdl, |request| {
        let query = request["query"].as_str().unwrap();
        let key = |name: &'static str, currency: &str| {
            let before = query.split(&format!("{name}(in: \"{currency}\")")).next().unwrap();
            let alias = before.strip_suffix(": ").and_then(|before| before.rsplit([' ', '{']).next());
            alias.unwrap_or(name).to_owned()
        };
        let (dollars, euros) = (key("price", "USD"), key("price", "EUR"));
        let category = json!({ key("average", "USD"): 6 });
        let product =
            json!({ "__typename": "Product", "id": "1", "weight": 2, "category": category, dollars: 5, euros: 4 });
        (StatusCode::OK, json!({ "data": { "products": [product] } }).to_string())
    })
    .await;
    let two = Subgraph::new(
        "two",
        r#"
            type Product @key(fields: "id") {
                id: ID!
                price(in: String!): Int @external
                weight: Int @external
                category: Category @external
                dollars: Int @requires(fields: "price(in: \"USD\") weight")
                euros: Int @requires(fields: "price(in: \"EUR\") weight")
                dear: Boolean @requires(fields: "category { average(in: \"USD\") }")
            }
            type Category @external { average(in: String!): Int }
        "#,
        json!({ "entities": [
            { "__typename": "Product", "price": 5, "dollars": 50, "dear": true },
            { "__typename": "Product", "price": 4, "euros": 40, "dear": true },
        ] }),
    )
    .await;
    let gateway = gateway(&[&one, &two]);
    let expected = json!({ "dollars": 50, "euros": 40, "dear": true });
    for query in ["{ products { dollars euros dear } }", "{ products { euros dear dollars } }"] {
        assert_eq!(ask(&gateway, query).await, json!({ "data": { "products": [expected] } }), "{query}");
    }
}

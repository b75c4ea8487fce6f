//! What is left of a response when a subgraph fails, and what is said about the rest.

use std::collections::BTreeSet;
use std::time::Duration;

use client::Deadline;
use gateway::pipeline::{Caller, Gateway};
use http::StatusCode;
use serde_json::{Value, json};

use crate::engine::{Subgraph, anonymous, answer, ask, body, gateway, settings, supergraph};

const PRODUCTS: &str = r#"
    type Query { products: [Product!]! first: Product }
    type Product @key(fields: "id") { id: ID! name: String }
"#;
const INVENTORY: &str = r#"
    type Query { warehouse: String depot: String }
    type Product @key(fields: "id") { id: ID! stock: Int shelf: String! }
"#;

async fn products() -> Subgraph {
    let product = |id: &str| json!({ "__typename": "Product", "id": id, "name": id });
    let all = [product("a"), product("b"), product("c")];
    Subgraph::new("products", PRODUCTS, json!({ "Query": { "products": all, "first": product("a") } })).await
}

#[tokio::test]
async fn a_subgraph_that_is_down_leaves_nulls_and_one_error() {
    let products = products().await;
    let inventory = Subgraph::down("inventory", INVENTORY).await;
    let gateway = gateway(&[&products, &inventory]);
    assert_eq!(
        ask(&gateway, "{ products { name stock } }").await,
        json!({
            "data": { "products": [
                { "name": "a", "stock": null }, { "name": "b", "stock": null }, { "name": "c", "stock": null }
            ] },
            "errors": [{
                "message": "The service is unavailable.",
                "path": ["products"],
                "extensions": { "code": "SUBGRAPH_UNAVAILABLE", "service": "inventory" }
            }]
        })
    );
}

#[tokio::test]
async fn a_failed_root_fetch_gives_each_of_its_fields_an_error() {
    let products = products().await;
    let inventory = Subgraph::down("inventory", INVENTORY).await;
    let gateway = gateway(&[&products, &inventory]);
    let response = ask(&gateway, "{ place: warehouse depot first { name } }").await;
    assert_eq!(response["data"], json!({ "place": null, "depot": null, "first": { "name": "a" } }));
    let paths: Vec<&Value> = response["errors"].as_array().unwrap().iter().map(|error| &error["path"]).collect();
    assert_eq!(paths, [&json!(["place"]), &json!(["depot"])]);
}

#[tokio::test]
async fn null_in_a_non_null_position_bubbles_and_the_failed_fetch_is_its_error() {
    let products = products().await;
    let inventory = Subgraph::down("inventory", INVENTORY).await;
    let gateway = gateway(&[&products, &inventory]);
    let response = ask(&gateway, "{ first { name shelf } }").await;
    assert_eq!(response["data"], json!({ "first": null }));
    assert_eq!(response["errors"].as_array().unwrap().len(), 1, "{response:#}");
    let response = ask(&gateway, "{ products { name shelf } }").await;
    assert_eq!(response["data"], Value::Null);
    assert_eq!(response["errors"].as_array().unwrap().len(), 1, "{response:#}");
}

#[tokio::test]
async fn a_null_that_nobody_explained_gets_an_error_of_its_own() {
    let products = products().await;
    let answering = json!({ "entities": [{ "__typename": "Product", "id": "a" }, { "__typename": "Product", "id": "b", "shelf": "1" }] });
    let inventory = Subgraph::new("inventory", INVENTORY, answering).await;
    let gateway = gateway(&[&products, &inventory]);
    assert_eq!(
        ask(&gateway, "{ first { shelf } }").await,
        json!({
            "data": { "first": null },
            "errors": [{
                "message": "Cannot return null for non-nullable field Product.shelf.",
                "path": ["first", "shelf"],
                "extensions": { "code": "INTERNAL" }
            }]
        })
    );
}

#[tokio::test]
async fn errors_of_a_subgraph_are_passed_on_at_the_clients_paths() {
    let products = products().await;
    let inventory = Subgraph::scripted("inventory", INVENTORY, |_| {
        let entities = json!([{ "stock": 1 }, { "stock": null }, { "stock": 3 }]);
        let error = json!({
            "message": "counting",
            "path": ["_entities", 1, "stock"],
            "extensions": { "code": "BUSY", "hint": "later", "stacktrace": ["secret"], "service": "forged" }
        });
        (StatusCode::OK, json!({ "data": { "_entities": entities }, "errors": [error] }).to_string())
    })
    .await;
    let gateway = gateway(&[&products, &inventory]);
    assert_eq!(
        ask(&gateway, "{ all: products { stock } }").await,
        json!({
            "data": { "all": [{ "stock": 1 }, { "stock": null }, { "stock": 3 }] },
            "errors": [{
                "message": "counting",
                "path": ["all", 1, "stock"],
                "extensions": { "code": "BUSY", "service": "inventory", "hint": "later" }
            }]
        })
    );
}

#[tokio::test]
async fn what_is_not_graphql_is_described_and_not_shown() {
    let html = "<html>panicked at /src/main.rs SELECT</html>";
    let answers = [
        (StatusCode::INTERNAL_SERVER_ERROR, html),
        (StatusCode::OK, html),
        (StatusCode::OK, r#"{"data":{"_entities":"#),
        (StatusCode::OK, "[]"),
        (StatusCode::OK, "{}"),
        (StatusCode::OK, ""),
    ];
    for (status, text) in answers {
        let products = products().await;
        let inventory = Subgraph::scripted("inventory", INVENTORY, move |_| (status, text.to_owned())).await;
        let gateway = gateway(&[&products, &inventory]);
        let response = ask(&gateway, "{ first { name stock } }").await;
        assert_eq!(response["data"], json!({ "first": { "name": "a", "stock": null } }), "{text}");
        assert_eq!(response["errors"].as_array().unwrap().len(), 1, "{text}");
        assert_eq!(response["errors"][0]["extensions"]["service"], "inventory", "{text}");
        let all = response.to_string();
        assert!(!all.contains("panicked") && !all.contains("SELECT") && !all.contains("html"), "{all}");
    }
}

#[tokio::test]
async fn values_of_the_wrong_shape_become_null() {
    let strange = [
        json!({ "warehouse": 7 }),
        json!({ "warehouse": { "a": 1 } }),
        json!({ "warehouse": ["x"] }),
        json!({ "warehouse": true, "unasked": "x" }),
    ];
    for data in strange {
        let answered = data.to_string();
        let inventory =
            Subgraph::scripted("inventory", INVENTORY, move |_| (StatusCode::OK, json!({ "data": data }).to_string()))
                .await;
        let products = products().await;
        let gateway = gateway(&[&products, &inventory]);
        let response = ask(&gateway, "{ warehouse }").await;
        assert_eq!(response["data"], json!({ "warehouse": null }), "{answered}");
        assert_eq!(response["errors"][0]["path"], json!(["warehouse"]), "{answered}");
    }
}

/// The neighbour's own error is not listed, for it is lost with the null, so it explains nothing.
#[tokio::test]
async fn a_null_beside_a_value_of_the_wrong_shape_has_its_error() {
    let schema = "type Query { thing: Thing size: Int! other: Thing! } type Thing { size: Int! parts: [Thing!]! }";
    let strange = json!({ "size": null, "parts": [[1], null] });
    let data = json!({ "thing": strange, "size": null, "other": strange });
    let things = Subgraph::scripted("things", schema, move |_| (StatusCode::OK, json!({ "data": data }).to_string()));
    let things = things.await;
    let gateway = gateway(&[&things]);
    let cases = [
        ("{ thing { size parts { size } } }", json!({ "thing": null }), json!(["thing", "size"])),
        ("{ size other { parts { size } } }", Value::Null, json!(["size"])),
    ];
    for (query, data, path) in cases {
        let response = ask(&gateway, query).await;
        assert_eq!(response["data"], data, "{response}");
        let paths: Vec<&Value> = response["errors"].as_array().unwrap().iter().map(|error| &error["path"]).collect();
        assert_eq!(paths, [&path], "{response}");
    }
}

#[tokio::test]
async fn a_string_is_found_behind_others_that_nobody_asked_for() {
    let inventory = Subgraph::scripted("inventory", INVENTORY, |_| {
        let text = r#"{"extensions":{"a":"b"},"data":{"x":"","y":{"z":"\"","list":["u",["v"]]},"warehouse":"w\n\"w"}}"#;
        (StatusCode::OK, text.to_owned())
    })
    .await;
    let products = products().await;
    let gateway = gateway(&[&products, &inventory]);
    assert_eq!(ask(&gateway, "{ warehouse }").await, json!({ "data": { "warehouse": "w\n\"w" } }));
}

#[tokio::test]
async fn a_flood_of_errors_is_cut() {
    let inventory = Subgraph::scripted("inventory", INVENTORY, |_| {
        let errors: Vec<Value> =
            (0..5_000).map(|n| json!({ "message": n.to_string(), "path": ["warehouse"] })).collect();
        (StatusCode::OK, json!({ "data": { "warehouse": null }, "errors": errors }).to_string())
    })
    .await;
    let products = products().await;
    let gateway = gateway(&[&products, &inventory]);
    let response = ask(&gateway, "{ warehouse }").await;
    assert_eq!(response["errors"].as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn one_error_for_a_reference_is_listed_at_each_of_its_places_and_no_more_than_a_thousand_times() {
    let product = json!({ "__typename": "Product", "id": "a", "name": "a" });
    let many: Vec<&Value> = std::iter::repeat_n(&product, 600).collect();
    let products = Subgraph::new("products", PRODUCTS, json!({ "Query": { "products": many } })).await;
    let inventory = Subgraph::scripted("inventory", INVENTORY, |_| {
        let error = |message: &str| json!({ "message": message, "path": ["_entities", 0, "stock"] });
        let errors = [error("no"), error("nor this"), error("no")];
        (StatusCode::OK, json!({ "data": { "_entities": [{ "stock": null }] }, "errors": errors }).to_string())
    })
    .await;
    let gateway = gateway(&[&products, &inventory]);
    let response = ask(&gateway, "{ products { stock } }").await;
    let errors = response["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1_000);
    assert_eq!(errors[599]["path"], json!(["products", 599, "stock"]));
}

#[tokio::test]
async fn a_null_in_a_list_that_is_met_twice_has_an_error_at_both_places() {
    let product = json!({ "__typename": "Product", "id": "a", "name": "a" });
    let products = Subgraph::new("products", PRODUCTS, json!({ "Query": { "products": [product, product] } })).await;
    let sdl = r#"
        type Product @key(fields: "id") { id: ID! sound: [Shelf] broken: [Shelf] }
        type Shelf { name: String! }
    "#;
    let shelves = Subgraph::scripted("shelves", sdl, |_| {
        let product = json!({ "sound": [{ "name": "x" }], "broken": [{ "name": "y" }, { "name": null }] });
        (StatusCode::OK, json!({ "data": { "_entities": [product] } }).to_string())
    })
    .await;
    let gateway = gateway(&[&products, &shelves]);
    let response = ask(&gateway, "{ products { sound { name } broken { name } } }").await;
    let product = json!({ "sound": [{ "name": "x" }], "broken": [{ "name": "y" }, null] });
    assert_eq!(response["data"], json!({ "products": [product, product] }));
    let paths: Vec<&Value> = response["errors"].as_array().unwrap().iter().map(|error| &error["path"]).collect();
    let path = |product: usize| json!(["products", product, "broken", 1, "name"]);
    assert_eq!(paths, [&path(0), &path(1)]);
}

/// Fails every batch that has the reference `b`, as servers do that stop at the first error.
async fn poisoned(code: &'static str) -> Subgraph {
    Subgraph::scripted("inventory", INVENTORY, move |request| {
        let references = request["variables"]["representations"].as_array().unwrap();
        let answer = if references.iter().any(|reference| reference["id"] == "b") {
            json!({ "data": null, "errors": [{ "message": "no", "path": ["_entities"], "extensions": { "code": code } }] })
        } else {
            let entities: Value = references.iter().map(|_| json!({ "stock": 1 })).collect();
            json!({ "data": { "_entities": entities } })
        };
        (StatusCode::OK, answer.to_string())
    })
    .await
}

#[tokio::test]
async fn one_poisoned_reference_does_not_blank_the_page() {
    let products = products().await;
    let inventory = poisoned("OOPS").await;
    let gateway = gateway(&[&products, &inventory]);
    assert_eq!(
        ask(&gateway, "{ products { id stock } }").await,
        json!({
            "data": { "products": [{ "id": "a", "stock": 1 }, { "id": "b", "stock": null }, { "id": "c", "stock": 1 }] },
            "errors": [{
                "message": "no",
                "path": ["products", 1],
                "extensions": { "code": "OOPS", "service": "inventory" }
            }]
        })
    );
    assert!(inventory.requests().len() <= 5, "{}", inventory.requests().len());
}

#[tokio::test]
async fn the_search_for_poison_ends_after_a_bounded_number_of_calls() {
    let many: Vec<Value> =
        (0..500).map(|id| json!({ "__typename": "Product", "id": id.to_string(), "name": "x" })).collect();
    let products = Subgraph::new("products", PRODUCTS, json!({ "Query": { "products": many } })).await;
    let inventory = Subgraph::scripted("inventory", INVENTORY, |_| {
        (StatusCode::OK, json!({ "data": null, "errors": [{ "message": "no", "path": ["_entities"] }] }).to_string())
    })
    .await;
    let gateway = gateway(&[&products, &inventory]);
    let response = ask(&gateway, "{ products { stock } }").await;
    assert_eq!(response["data"]["products"].as_array().unwrap().len(), 500);
    assert!(inventory.requests().len() <= 17, "{}", inventory.requests().len());
}

#[tokio::test]
async fn a_refusal_of_the_whole_request_is_not_taken_for_poison() {
    let products = products().await;
    let inventory = Subgraph::scripted("inventory", INVENTORY, |_| {
        (StatusCode::OK, json!({ "errors": [{ "message": "who are you?" }] }).to_string())
    })
    .await;
    let gateway = gateway(&[&products, &inventory]);
    let response = ask(&gateway, "{ products { stock } }").await;
    assert_eq!(response["errors"][0]["path"], json!(["products"]));
    assert_eq!(inventory.requests().len(), 1);
}

#[tokio::test]
async fn a_fetch_whose_inputs_failed_is_not_sent() {
    let products = products().await;
    let weights = Subgraph::down("weights", r#"type Product @key(fields: "id") { id: ID! weight: Int }"#).await;
    let sdl = r#"type Product @key(fields: "id") {
        id: ID! weight: Int @external estimate: Int @requires(fields: "weight")
    }"#;
    let shipping = Subgraph::new("shipping", sdl, json!({ "entities": [] })).await;
    let gateway = gateway(&[&products, &weights, &shipping]);
    let response = ask(&gateway, "{ first { estimate } }").await;
    assert_eq!(response["data"], json!({ "first": { "estimate": null } }));
    assert_eq!(response["errors"].as_array().unwrap().len(), 1, "{response:#}");
    assert_eq!(shipping.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deadline_of_the_caller_bounds_every_fetch() {
    let products = products().await;
    let (_held, receiver) = std::sync::mpsc::channel::<()>();
    let receiver = std::sync::Mutex::new(receiver);
    let inventory = Subgraph::scripted("inventory", INVENTORY, move |_| {
        // Ends when the test has ended and the sender is gone.
        let _ = tokio::task::block_in_place(|| receiver.lock().unwrap().recv());
        (StatusCode::OK, String::new())
    })
    .await;
    let gateway = gateway(&[&products, &inventory]);
    let caller = Caller { deadline: Deadline::after(Duration::from_millis(300)), ..anonymous() };
    let response = body(&answer(&gateway, "{ first { name stock } }", caller).await);
    assert_eq!(
        response,
        json!({
            "data": { "first": { "name": "a", "stock": null } },
            "errors": [{
                "message": "The service did not answer in time.",
                "path": ["first"],
                "extensions": { "code": "DEADLINE_EXCEEDED", "service": "inventory" }
            }]
        })
    );
}

#[tokio::test]
async fn an_error_below_a_key_that_only_the_plan_asked_for_is_shown_at_its_parent() {
    let products = Subgraph::scripted("products", PRODUCTS, |_| {
        let error = json!({ "message": "no id", "path": ["first", "id"] });
        (StatusCode::OK, json!({ "data": { "first": null }, "errors": [error] }).to_string())
    })
    .await;
    let inventory = Subgraph::new("inventory", INVENTORY, json!({ "entities": [] })).await;
    let gateway = gateway(&[&products, &inventory]);
    let response = ask(&gateway, "{ first { stock } }").await;
    assert_eq!(response["errors"][0]["path"], json!(["first"]));
}

#[tokio::test]
async fn an_open_breaker_answers_at_once_and_other_subgraphs_go_on() {
    let products = products().await;
    let inventory = Subgraph::down("inventory", INVENTORY).await;
    let gateway = Gateway::new(supergraph(&[&products, &inventory]), settings()).unwrap();
    let mut codes = BTreeSet::new();
    for _ in 0..60 {
        let response = ask(&gateway, "{ first { name stock } }").await;
        assert_eq!(response["data"]["first"]["name"], "a");
        codes.insert(response["errors"][0]["extensions"]["code"].to_string());
    }
    assert_eq!(codes, BTreeSet::from(["\"SUBGRAPH_UNAVAILABLE\"".to_owned()]));
    assert!(gateway.client("inventory").unwrap().stats().rejected > 0);
}

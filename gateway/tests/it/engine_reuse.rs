//! References that one request need not send, because it has their answers already.

use std::sync::atomic::{AtomicUsize, Ordering};

use gateway::pipeline::Gateway;
use http::StatusCode;
use serde_json::{Value, json};

use crate::engine::{Subgraph, ask, gateway};
use crate::engine_gate::{asked, entities, lists};

/// Names are in one subgraph, and two others know what stands left and right of a product: `x` and `y` stand on both
/// sides of each other.
struct Ring {
    names: Subgraph,
    left: Subgraph,
    right: Subgraph,
    gateway: Gateway,
}

/// Where every answer of `names` says what is in `errors`.
async fn ring(errors: Value) -> Ring {
    let names_sdl = r#"
        type Query { first: Product }
        type Product @key(fields: "id") { id: ID! name(in: String): String size: Int }
    "#;
    let names = Subgraph::scripted("names", names_sdl, move |request| {
        let query = request["query"].as_str().unwrap();
        let mut first = named("x", query);
        first["__typename"] = json!("Product");
        first["id"] = json!("x");
        let mut answer = json!({ "data": { "first": first }, "errors": errors });
        for (number, (key, references)) in lists(request).into_iter().enumerate() {
            let selection = query.split("_entities(").nth(number + 1).unwrap();
            let object = |reference: &Value| named(reference["id"].as_str().unwrap(), selection);
            answer["data"][key] = references.iter().map(object).collect();
        }
        (StatusCode::OK, answer.to_string())
    });
    let side = |name: &'static str| {
        let sdl = format!(r#"type Product @key(fields: "id") {{ id: ID! {name}: Product }}"#);
        async move {
            let other = move |reference: &Value, _: &Value| {
                let other = if reference["id"] == "x" { "y" } else { "x" };
                json!({ name: { "__typename": "Product", "id": other } })
            };
            Subgraph::scripted(name, &sdl, move |request| (StatusCode::OK, entities(request, other).to_string())).await
        }
    };
    let (names, left, right) = (names.await, side("left").await, side("right").await);
    let gateway = gateway(&[&names, &left, &right]);
    Ring { names, left, right, gateway }
}

/// The names of a product, under every key and in every language that they are asked.
fn named(id: &str, selection: &str) -> Value {
    let mut object = json!({ "name": format!("name of {id}"), "size": 1 });
    for (key, arguments) in asked(selection, "name") {
        object[key] = json!(format!("{id} {arguments}"));
    }
    object
}

impl Ring {
    /// Ids of all references that were sent for names.
    fn looked_up(&self) -> Vec<Value> {
        let bodies = self.names.requests().into_iter().map(|request| request.body);
        let references = bodies.flat_map(|body| lists(&body)).flat_map(|(_, references)| references);
        references.map(|reference| reference["id"].clone()).collect()
    }
}

const DEEP: &str = "{ first { name left { name right { name left { name right { name left { id name } } } } } } }";

#[tokio::test]
async fn what_comes_back_at_every_level_is_asked_once() {
    let ring = ring(Value::Null).await;
    let (x, y) = ("name of x", "name of y");
    assert_eq!(
        ask(&ring.gateway, DEEP).await,
        json!({ "data": { "first": { "name": x, "left": { "name": y, "right": { "name": x,
            "left": { "name": y, "right": { "name": x, "left": { "id": "y", "name": y } } } } } } } })
    );
    // The root field has brought `x`.
    assert_eq!(ring.looked_up(), ["y"]);
    assert_eq!(ring.right.requests().len(), 1);
    assert_eq!(ring.left.requests().len(), 1);
}

#[tokio::test]
async fn what_was_in_an_answer_with_errors_is_asked_again() {
    let ring = ring(json!([{ "message": "odd" }])).await;
    let response = ask(&ring.gateway, DEEP).await;
    assert_eq!(response["data"]["first"]["left"]["right"]["left"]["name"], "name of y", "{response}");
    assert!(ring.looked_up().contains(&json!("x")));
}

#[tokio::test]
async fn what_is_asked_with_other_arguments_or_of_more_fields_is_asked() {
    let ring = ring(Value::Null).await;
    let query = r#"{ first { name(in: "de") left { name(in: "de")
        right { name(in: "en") left { name(in: "en") right { n: name(in: "de") left { name(in: "de") size } } } } } } }"#;
    assert_eq!(
        ask(&ring.gateway, query).await,
        json!({ "data": { "first": { "name": r#"x in: "de""#, "left": { "name": r#"y in: "de""#,
            "right": { "name": r#"x in: "en""#, "left": { "name": r#"y in: "en""#,
            "right": { "n": r#"x in: "de""#, "left": { "name": r#"y in: "de""#, "size": 1 } } } } } } } })
    );
}

/// What was read before a mutation is not what is there after it.
#[tokio::test]
async fn what_was_read_between_two_mutations_is_read_again_after_the_second() {
    let changing = |name: &'static str| {
        let sdl = format!(
            r#"type Query {{ {name}Query: Int }} type Mutation {{ {name}: Product }} type Product @key(fields: "id") {{ id: ID! }}"#
        );
        let answer = json!({ "data": { name: { "__typename": "Product", "id": "x" } } }).to_string();
        async move { Subgraph::scripted(name, &sdl, move |_| (StatusCode::OK, answer.clone())).await }
    };
    let (sell, refund) = (changing("sell").await, changing("refund").await);
    let left = AtomicUsize::new(10);
    let sdl = r#"type Product @key(fields: "id") { id: ID! stock: Int }"#;
    let stock = Subgraph::scripted("stock", sdl, move |request| {
        let answer = entities(request, |_, _| json!({ "stock": left.fetch_sub(1, Ordering::SeqCst) }));
        (StatusCode::OK, answer.to_string())
    })
    .await;
    let gateway = gateway(&[&sell, &refund, &stock]);
    assert_eq!(
        ask(&gateway, "mutation { sell { stock } refund { stock } }").await,
        json!({ "data": { "sell": { "stock": 10 }, "refund": { "stock": 9 } } })
    );
}

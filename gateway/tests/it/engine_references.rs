//! References: what is sent, how often, and where the answers go.

use gateway::pipeline::Gateway;
use serde_json::{Value, json};

use crate::engine::{Subgraph, ask, gateway, settings, supergraph};

async fn catalogue(ids: &[Option<&str>]) -> Subgraph {
    let products: Vec<Value> = ids
        .iter()
        .map(|id| {
            id.map_or(Value::Null, |id| json!({ "__typename": "Product", "id": id, "name": format!("name {id}") }))
        })
        .collect();
    Subgraph::new(
        "products",
        r#"type Query { products: [Product] } type Product @key(fields: "id") { id: ID! name: String! }"#,
        json!({ "Query": { "products": products } }),
    )
    .await
}

async fn stock(known: &[&str]) -> Subgraph {
    let entities: Vec<Value> = known
        .iter()
        .map(|id| json!({ "__typename": "Product", "id": id, "stock": { "available": id.len() } }))
        .collect();
    Subgraph::new(
        "inventory",
        r#"type Product @key(fields: "id") { id: ID! stock: Stock } type Stock { available: Int! }"#,
        json!({ "entities": entities }),
    )
    .await
}

#[tokio::test]
async fn equal_references_are_sent_once_and_their_answer_goes_everywhere() {
    let products = catalogue(&[Some("a"), Some("bb"), Some("a"), Some("a")]).await;
    let inventory = stock(&["a", "bb"]).await;
    let gateway = gateway(&[&products, &inventory]);
    assert_eq!(
        ask(&gateway, "{ products { id stock { available } } }").await,
        json!({ "data": { "products": [
            { "id": "a", "stock": { "available": 1 } },
            { "id": "bb", "stock": { "available": 2 } },
            { "id": "a", "stock": { "available": 1 } },
            { "id": "a", "stock": { "available": 1 } }
        ] } })
    );
    let expected = [json!({ "__typename": "Product", "id": "a" }), json!({ "__typename": "Product", "id": "bb" })];
    assert_eq!(inventory.request().representations(), expected);
}

#[tokio::test]
async fn null_objects_and_unknown_references_keep_their_places() {
    let products = catalogue(&[Some("a"), None, Some("gone"), Some("bb")]).await;
    let inventory = stock(&["a", "bb"]).await;
    let gateway = gateway(&[&products, &inventory]);
    assert_eq!(
        ask(&gateway, "{ products { name stock { available } } }").await,
        json!({ "data": { "products": [
            { "name": "name a", "stock": { "available": 1 } },
            null,
            { "name": "name gone", "stock": null },
            { "name": "name bb", "stock": { "available": 2 } }
        ] } })
    );
}

#[tokio::test]
async fn nothing_is_sent_where_there_is_no_object() {
    let products = catalogue(&[]).await;
    let inventory = stock(&[]).await;
    let gateway = gateway(&[&products, &inventory]);
    assert_eq!(ask(&gateway, "{ products { stock { available } } }").await, json!({ "data": { "products": [] } }));
    assert_eq!(inventory.requests().len(), 0);
}

#[tokio::test]
async fn references_beyond_the_bound_go_in_further_requests() {
    let products = catalogue(&[Some("a"), Some("bb"), Some("ccc")]).await;
    let inventory = stock(&["a", "bb", "ccc"]).await;
    let mut settings = settings();
    settings.max_batch = 2;
    let gateway = Gateway::new(supergraph(&[&products, &inventory]), settings).unwrap();
    assert_eq!(
        ask(&gateway, "{ products { stock { available } } }").await,
        json!({ "data": { "products": [
            { "stock": { "available": 1 } }, { "stock": { "available": 2 } }, { "stock": { "available": 3 } }
        ] } })
    );
    let mut sizes: Vec<usize> = inventory.requests().iter().map(|request| request.representations().len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 2]);
}

#[tokio::test]
async fn requires_are_fetched_first_and_sent_along() {
    let products = Subgraph::new(
        "products",
        r#"
            type Query { product: Product }
            type Product @key(fields: "id") { id: ID! weight: Int dimensions: Dimensions }
            type Dimensions @shareable { width: Int height: Int }
        "#,
        json!({ "Query": { "product": {
            "__typename": "Product", "id": "a", "weight": 3, "dimensions": { "width": 1, "height": 2 }
        } } }),
    )
    .await;
    let shipping = Subgraph::new(
        "shipping",
        r#"
            type Product @key(fields: "id") {
                id: ID!
                weight: Int @external
                dimensions: Dimensions @external
                estimate: Int @requires(fields: "weight dimensions { height }")
            }
            type Dimensions @shareable { width: Int height: Int }
        "#,
        json!({ "entities": [{ "__typename": "Product", "id": "a", "estimate": 42 }] }),
    )
    .await;
    let gateway = gateway(&[&products, &shipping]);
    assert_eq!(
        ask(&gateway, "{ product { weight: id estimate } }").await,
        json!({ "data": { "product": { "weight": "a", "estimate": 42 } } })
    );
    let expected = json!({ "__typename": "Product", "id": "a", "weight": 3, "dimensions": { "height": 2 } });
    assert_eq!(shipping.request().representations(), [expected]);
}

#[tokio::test]
async fn a_required_value_that_is_null_is_sent_as_null() {
    let products = Subgraph::new(
        "products",
        r#"type Query { product: Product } type Product @key(fields: "id") { id: ID! weight: Int }"#,
        json!({ "Query": { "product": { "__typename": "Product", "id": "a", "weight": null } } }),
    )
    .await;
    let shipping = Subgraph::new(
        "shipping",
        r#"type Product @key(fields: "id") {
            id: ID! weight: Int @external estimate: Int @requires(fields: "weight")
        }"#,
        json!({ "entities": [{ "__typename": "Product", "id": "a", "estimate": 0 }] }),
    )
    .await;
    let gateway = gateway(&[&products, &shipping]);
    assert_eq!(ask(&gateway, "{ product { estimate } }").await, json!({ "data": { "product": { "estimate": 0 } } }));
    assert_eq!(shipping.request().representations()[0]["weight"], Value::Null);
}

#[tokio::test]
async fn a_provided_field_is_not_fetched_again() {
    let reviews = Subgraph::new(
        "reviews",
        r#"
            type Query { review: Review }
            type Review { product: Product @provides(fields: "name") }
            type Product @key(fields: "id") { id: ID! name: String @external }
        "#,
        json!({ "Query": { "review": { "product": { "__typename": "Product", "id": "a", "name": "provided" } } } }),
    )
    .await;
    let products = Subgraph::new(
        "products",
        r#"type Product @key(fields: "id") { id: ID! name: String price: Int }"#,
        json!({ "entities": [{ "__typename": "Product", "id": "a", "name": "fetched", "price": 5 }] }),
    )
    .await;
    let gateway = gateway(&[&reviews, &products]);
    assert_eq!(
        ask(&gateway, "{ review { product { name } } }").await,
        json!({ "data": { "review": { "product": { "name": "provided" } } } })
    );
    assert_eq!(products.requests().len(), 0);
}

#[tokio::test]
async fn references_of_several_types_behind_one_interface_are_told_apart() {
    let feed = Subgraph::new(
        "feed",
        r#"
            type Query { feed: [Item] }
            interface Item { id: ID! }
            type Book implements Item @key(fields: "id") { id: ID! }
            type Film implements Item @key(fields: "code") { id: ID! code: String! }
            type Note implements Item { id: ID! }
        "#,
        json!({ "Query": { "feed": [
            { "__typename": "Film", "id": "1", "code": "f" }, { "__typename": "Note", "id": "1" }, { "__typename": "Book", "id": "1" }
        ] } }),
    )
    .await;
    let titles = Subgraph::new(
        "titles",
        r#"
            type Book @key(fields: "id") { id: ID! title: String }
            type Film @key(fields: "code") { code: String! title: String }
        "#,
        json!({ "entities": [
            { "__typename": "Book", "id": "1", "title": "a book" }, { "__typename": "Film", "code": "f", "title": "a film" }
        ] }),
    )
    .await;
    let gateway = gateway(&[&feed, &titles]);
    assert_eq!(
        ask(&gateway, "{ feed { id ... on Book { title } ... on Film { title } } }").await,
        json!({ "data": { "feed": [{ "id": "1", "title": "a film" }, { "id": "1" }, { "id": "1", "title": "a book" }] } })
    );
    let expected = [json!({ "__typename": "Film", "code": "f" }), json!({ "__typename": "Book", "id": "1" })];
    assert_eq!(titles.request().representations(), expected);
}

#[tokio::test]
async fn a_field_that_returns_the_query_root_is_filled_from_other_subgraphs_at_every_place() {
    let one = Subgraph::new(
        "one",
        "type Query { things: [Thing!]! } type Thing { id: ID! root: Query }",
        json!({ "Query": { "things": [{ "id": "1", "root": {} }, { "id": "2", "root": {} }] } }),
    )
    .await;
    let two = Subgraph::new("two", "type Query { now: Int }", json!({ "Query": { "now": 12 } })).await;
    let gateway = gateway(&[&one, &two]);
    assert_eq!(
        ask(&gateway, "{ things { id root { now __typename } } }").await,
        json!({ "data": { "things": [
            { "id": "1", "root": { "now": 12, "__typename": "Query" } },
            { "id": "2", "root": { "now": 12, "__typename": "Query" } }
        ] } })
    );
}

/// `slow` is not needed for `fast -> next`, so `next` is asked while `slow` is still at work.
#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_begins_as_soon_as_its_own_inputs_exist() {
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let receiver = std::sync::Mutex::new(receiver);
    let slow = Subgraph::scripted("slow", "type Query { slow: Int }", move |_| {
        tokio::task::block_in_place(|| receiver.lock().unwrap().recv().unwrap());
        (http::StatusCode::OK, json!({ "data": { "slow": 1 } }).to_string())
    });
    let slow = slow.await;
    let fast = catalogue(&[Some("a")]).await;
    let next = Subgraph::scripted("next", r#"type Product @key(fields: "id") { id: ID! next: Int }"#, move |_| {
        sender.send(()).unwrap();
        (http::StatusCode::OK, json!({ "data": { "_entities": [{ "next": 2 }] } }).to_string())
    });
    let next = next.await;
    let gateway = gateway(&[&slow, &fast, &next]);
    assert_eq!(
        ask(&gateway, "{ slow products { next } }").await,
        json!({ "data": { "slow": 1, "products": [{ "next": 2 }] } })
    );
}

//! Further operations that other gateways answer wrongly, and mistakes that their executors were seen to make.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::engine::{Subgraph, ask, ask_with, gateway};

#[tokio::test]
async fn a_root_field_of_several_subgraphs_is_one_list() {
    let product = json!({ "id": "1", "name": { "brand": "Acme" }, "price": { "amount": 5, "currency": "EUR" } });
    let data = json!({ "Query": { "products": [product] } });
    let names = r"
        type Query { products: [Product!]! @shareable }
        type Product { id: ID! @shareable name: Name! } type Name { brand: String! }
    ";
    let prices = r"
        type Query { products: [Product!]! @shareable }
        type Product { id: ID! @shareable price: Price! } type Price { amount: Int! currency: String! }
    ";
    let names = Subgraph::new("names", names, data.clone()).await;
    let prices = Subgraph::new("prices", prices, data).await;
    let gateway = gateway(&[&names, &prices]);
    let query = "{ products { price: price { currency } name { brand } price { __typename c: currency } } }";
    assert_eq!(
        ask(&gateway, query).await,
        json!({ "data": { "products": [
            { "price": { "currency": "EUR", "__typename": "Price", "c": "EUR" }, "name": { "brand": "Acme" } }
        ] } })
    );
}

/// The playlist's subgraph knows its media by interface only; what is skipped would have asked for the type.
#[tokio::test]
async fn the_name_of_an_interface_is_no_type_name_whatever_is_skipped() {
    let video = json!({ "__typename": "Video", "id": "1", "duration": 60 });
    let media = r#"
        type Query { media: Media }
        interface Media @key(fields: "id") { id: ID! }
        type Video implements Media @key(fields: "id") { id: ID! duration: Int }
    "#;
    let media = Subgraph::new("media", media, json!({ "Query": {}, "entities": [video] })).await;
    let playlist = r#"
        type Query { playlist: Playlist }
        type Playlist { media: Media }
        type Media @key(fields: "id") @interfaceObject { id: ID! }
    "#;
    let data = json!({ "Query": { "playlist": { "media": { "__typename": "Media", "id": "1" } } } });
    let playlist = Subgraph::new("playlist", playlist, data).await;
    let gateway = gateway(&[&media, &playlist]);
    let query = "query($yes: Boolean!) {
        playlist { media { __typename ... on Video { ... on Video @skip(if: $yes) { duration } } } }
    }";
    assert_eq!(
        ask_with(&gateway, query, json!({ "yes": true })).await,
        json!({ "data": { "playlist": { "media": { "__typename": "Video" } } } })
    );
    assert_eq!(
        ask_with(&gateway, query, json!({ "yes": false })).await,
        json!({ "data": { "playlist": { "media": { "__typename": "Video", "duration": 60 } } } })
    );
}

#[tokio::test]
async fn an_inaccessible_enum_value_is_null_with_an_error_wherever_it_was_selected() {
    let sdl = r"
        type Query { user: User }
        type User { type: Kind }
        enum Kind { OPEN SECRET @inaccessible }
    ";
    let users = Subgraph::new("users", sdl, json!({ "Query": { "user": { "type": "SECRET" } } })).await;
    let gateway = gateway(&[&users]);
    let query = "query($no: Boolean!) { user { type } user { type @include(if: $no) } }";
    let response = ask_with(&gateway, query, json!({ "no": false })).await;
    assert_eq!(response["data"], json!({ "user": { "type": null } }));
    assert_eq!(response["errors"][0]["path"], json!(["user", "type"]));
}

#[tokio::test]
async fn a_field_of_an_interface_says_nothing_of_an_inaccessible_object() {
    let sdl = r"
        type Query { b: Entity }
        type Entity { data: Foo }
        interface Foo { foo: String! }
        type Shown implements Foo { foo: String! }
        type Hidden implements Foo @inaccessible { foo: String! }
    ";
    let data = json!({ "Query": { "b": { "data": { "__typename": "Hidden", "foo": "secret" } } } });
    let b = Subgraph::new("b", sdl, data).await;
    let response = ask(&gateway(&[&b]), "{ b { data { foo } } }").await;
    assert_eq!(response["data"], json!({ "b": { "data": null } }));
    assert_eq!(response["errors"][0]["path"], json!(["b", "data"]));
    assert!(!response.to_string().contains("secret") && !response.to_string().contains("Hidden"), "{response}");
}

#[tokio::test]
async fn an_alias_that_is_a_part_of_a_key_of_several_fields_does_not_replace_it() {
    let a = r#"
        type Query { product: Product }
        type Product @key(fields: "id") { id: ID! name: String @shareable pid: ID }
    "#;
    let product = json!({ "__typename": "Product", "id": "1", "name": "Chair", "pid": "p1" });
    let a = Subgraph::new("a", a, json!({ "Query": { "product": product } })).await;
    let b = r#"type Product @key(fields: "id name") { id: ID! name: String @shareable upc: String }"#;
    let known = json!({ "__typename": "Product", "id": "1", "name": "Chair", "upc": "u1" });
    let b = Subgraph::new("b", b, json!({ "entities": [known] })).await;
    assert_eq!(
        ask(&gateway(&[&a, &b]), "{ product { name: pid upc } }").await,
        json!({ "data": { "product": { "name": "p1", "upc": "u1" } } })
    );
    assert_eq!(b.request().representations(), [json!({ "__typename": "Product", "id": "1", "name": "Chair" })]);
}

#[tokio::test]
async fn fragments_on_what_an_object_is_anyway_keep_their_fields() {
    let sdl = r"
        type Query { users: [User!]! toasters: [Toaster!]! }
        interface Node { id: ID! }
        type User implements Node { id: ID! username: String }
        type Toaster implements Node { id: ID! }
    ";
    let data = json!({ "Query": {
        "users": [{ "__typename": "User", "id": "1", "username": "ada" }],
        "toasters": [{ "__typename": "Toaster", "id": "t1" }]
    } });
    let home = Subgraph::new("home", sdl, data).await;
    let gateway = gateway(&[&home]);
    assert_eq!(
        ask(&gateway, "{ users { ... on User { username __typename } } }").await,
        json!({ "data": { "users": [{ "username": "ada", "__typename": "User" }] } })
    );
    assert_eq!(
        ask(&gateway, "{ toasters { ... on Node { ... on Toaster { id } } } }").await,
        json!({ "data": { "toasters": [{ "id": "t1" }] } })
    );
}

/// The same values in lists of other lengths.
#[tokio::test]
async fn references_that_differ_only_in_how_their_lists_are_cut_are_two() {
    let cell = |v: i32| json!({ "__typename": "Cell", "v": v });
    let grids = [json!([[cell(1), cell(2)], [cell(3)]]), json!([[cell(1)], [cell(2), cell(3)]])];
    let thing = |grid: &Value| json!({ "__typename": "Thing", "id": "1", "grid": grid });
    let one = r#"
        type Query { things: [Thing] }
        type Thing @key(fields: "id") { id: ID! grid: [[Cell!]!] } type Cell @shareable { v: Int }
    "#;
    let one = Subgraph::new("one", one, json!({ "Query": { "things": grids.each_ref().map(thing) } })).await;
    let two = r#"
        type Thing @key(fields: "id") {
            id: ID! grid: [[Cell!]!] @external shape: String @requires(fields: "grid { v }")
        }
        type Cell @shareable { v: Int }
    "#;
    let two = Subgraph::scripted("two", two, |request| {
        let shapes = request["variables"]["representations"].as_array().unwrap().iter().map(|reference| {
            let lengths: Vec<_> =
                reference["grid"].as_array().unwrap().iter().map(|row| row.as_array().unwrap().len()).collect();
            json!({ "shape": format!("{lengths:?}") })
        });
        (StatusCode::OK, json!({ "data": { "_entities": shapes.collect::<Vec<_>>() } }).to_string())
    })
    .await;
    assert_eq!(
        ask(&gateway(&[&one, &two]), "{ things { shape } }").await,
        json!({ "data": { "things": [{ "shape": "[2, 1]" }, { "shape": "[1, 2]" }] } })
    );
}

/// `code` is the key of both types, `String!` in one: the planner gives it a name of its own in one of the fragments.
#[tokio::test]
async fn keys_that_had_to_be_renamed_in_a_request_are_found_again() {
    let shelf = r#"
        type Query { shelf: [Item!]! }
        union Item = Book | Song
        type Book @key(fields: "code") { code: String! a: Int z: Int }
        type Song @key(fields: "code") { code: String a: String z: Int }
    "#;
    let shelf = Subgraph::new(
        "shelf",
        shelf,
        json!({ "Query": { "shelf": [
            { "__typename": "Song", "code": "s", "a": "x", "z": 1 }, { "__typename": "Book", "code": "b", "a": 2, "z": 3 }
        ] } }),
    )
    .await;
    let stock = r#"
        type Book @key(fields: "code") { code: String! stock: Int }
        type Song @key(fields: "code") { code: String stock: Int }
    "#;
    let stock = Subgraph::new(
        "stock",
        stock,
        json!({ "entities": [
            { "__typename": "Song", "code": "s", "stock": 10 }, { "__typename": "Book", "code": "b", "stock": 20 }
        ] }),
    )
    .await;
    let query = "{ shelf { ... on Book { z stock a } ... on Song { stock code z } } }";
    let gateway = gateway(&[&shelf, &stock]);
    assert_eq!(
        ask(&gateway, query).await,
        json!({ "data": { "shelf": [
            { "stock": 10, "code": "s", "z": 1 }, { "z": 3, "stock": 20, "a": 2 }
        ] } })
    );
}

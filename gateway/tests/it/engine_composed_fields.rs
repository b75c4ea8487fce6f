//! What a composed supergraph says of fields that several subgraphs declare in different ways, and what is fetched then.

use gateway::supergraph::Supergraph;
use serde_json::json;

use crate::engine::{Subgraph, ask, gateway, supergraph};
use crate::engine_composition::source;

/// `a` knows that its favourite is a book, `b` only that it is one of its media.
async fn favourites() -> [Subgraph; 2] {
    let book = json!({ "__typename": "Book", "id": "1", "pages": 300, "weight": 2 });
    let data = json!({
        "Query": { "favourite": book, "reader": { "favourite": book, "wish": book } },
        "entities": [book]
    });
    let a = r#"
        type Query { favourite: Book! @shareable reader: Reader! @shareable }
        union Media = Book | Song
        type Reader { favourite: Book @shareable wish: [Media!] }
        type Book @key(fields: "id") { id: ID! pages: Int }
        type Song { length: Int }
    "#;
    let b = r#"
        type Query { favourite: Media @shareable reader: Reader! @shareable }
        union Media = Book | Film
        type Reader { favourite: Media @shareable }
        type Book @key(fields: "id") { id: ID! weight: Int }
        type Film { minutes: Int }
    "#;
    [Subgraph::new("a", a, data.clone()).await, Subgraph::new("b", b, data).await]
}

#[tokio::test]
async fn a_field_has_the_type_that_all_its_subgraphs_types_have_in_common() {
    let [a, b] = favourites().await;
    let api = supergraph(&[&a, &b]).api_sdl();
    assert!(api.contains("type Query {\n  favourite: Media\n"), "{api}");
    assert!(api.contains("type Reader {\n  favourite: Media\n"), "{api}");
    let gateway = gateway(&[&a, &b]);
    let media = "{ __typename ... on Book { pages weight } ... on Film { minutes } }";
    let book = json!({ "__typename": "Book", "pages": 300, "weight": 2 });
    assert_eq!(
        ask(&gateway, &format!("{{ favourite {media} reader {{ favourite {media} }} }}")).await,
        json!({ "data": { "favourite": book, "reader": { "favourite": book } } })
    );
}

#[test]
fn a_field_is_as_nullable_as_in_the_subgraph_where_it_can_be_null() {
    let sdl = |of_type: &str| {
        format!("interface Node {{ tags: {of_type} }} type Query implements Node {{ tags: {of_type} }}")
    };
    let composed = Supergraph::compose(&[source("a", &sdl("[String!]!")), source("b", &sdl("[String!]"))])
        .unwrap()
        .sdl()
        .to_owned();
    let tags = r#"  tags: [String!] @join__field(graph: A, type: "[String!]!") @join__field(graph: B)"#;
    assert_eq!(composed.matches(tags).count(), 2, "{composed}");
}

/// What an interface object requires of a field that all subgraphs declare, `@external` in one.
#[tokio::test]
async fn an_interface_object_is_sent_what_it_requires() {
    let known = r#"
        type Query { known: Media }
        interface Media @key(fields: "id") { id: ID! title: String }
        type Book implements Media @key(fields: "id") { id: ID! title: String }
    "#;
    let book = json!({ "__typename": "Book", "id": "1", "title": "Emma" });
    let a = Subgraph::new("a", known, json!({ "Query": { "known": book }, "entities": [book] })).await;
    let shelf = r#"
        type Query { shelf: [Media!]! }
        type Media @key(fields: "id") @interfaceObject {
            id: ID! title: String @external label: String @requires(fields: "title")
        }
    "#;
    let media = json!({ "__typename": "Media", "id": "1", "label": "E." });
    let b = Subgraph::new("b", shelf, json!({ "Query": { "shelf": [media] }, "entities": [media] })).await;
    assert_eq!(
        ask(&gateway(&[&a, &b]), "{ shelf { label title } }").await,
        json!({ "data": { "shelf": [{ "label": "E.", "title": "Emma" }] } })
    );
    let sent = b.requests()[1].clone();
    assert_eq!(sent.representations(), [json!({ "__typename": "Media", "id": "1", "title": "Emma" })]);
}

/// `@provides` on a root field that every subgraph has.
#[tokio::test]
async fn a_root_field_of_all_subgraphs_provides_what_one_of_them_says() {
    let a = r#"
        type Query { top: Book @shareable @provides(fields: "title") }
        type Book @key(fields: "id") { id: ID! title: String @external }
    "#;
    let b = r#"
        type Query { top: Book @shareable }
        type Book @key(fields: "id") { id: ID! title: String @shareable }
    "#;
    let data = json!({ "Query": { "top": { "id": "1", "title": "Emma" } } });
    let [a, b] = [Subgraph::new("a", a, data.clone()).await, Subgraph::new("b", b, data).await];
    let sdl = supergraph(&[&a, &b]).sdl().to_owned();
    assert!(sdl.contains(r#"top: Book @join__field(graph: A, provides: "title") @join__field(graph: B)"#), "{sdl}");
}

/// A field set whose fragment is on an interface within another: the reference has what it says, for each object.
#[tokio::test]
async fn fragments_of_a_field_set_can_be_on_interfaces_and_unions() {
    let types = r"
        interface Node { id: ID! }
        interface Media implements Node { id: ID! title: String }
        union Any = Book | Pen
        type Book implements Node & Media @shareable { id: ID! title: String pages: Int }
        type Pen implements Node @shareable { id: ID! ink: String }
    ";
    let a = format!(r#"{types} type Query {{ desk: [Desk!]! }} type Desk @key(fields: "id") {{ id: ID! top: Node }}"#);
    let desks = json!([
        { "__typename": "Desk", "id": "1", "top": { "__typename": "Book", "id": "b", "title": "Emma", "pages": 300 } },
        { "__typename": "Desk", "id": "2", "top": { "__typename": "Pen", "id": "p", "ink": "blue" } }
    ]);
    let a = Subgraph::new("a", &a, json!({ "Query": { "desk": desks }, "entities": desks })).await;
    let fields = "top { id ... on Media { title ... on Book { pages } ... on Any { __typename } } ... on Pen { ink } }";
    let b = format!(
        r#"{types} type Desk @key(fields: "id") {{
            id: ID! top: Node @external note: String @requires(fields: "{fields}")
        }}"#
    );
    let noted = json!([
        { "__typename": "Desk", "id": "1", "note": "read" }, { "__typename": "Desk", "id": "2", "note": "write" }
    ]);
    let b = Subgraph::new("b", &b, json!({ "entities": noted })).await;
    assert!(supergraph(&[&a, &b]).sdl().contains(&format!("requires: \"{fields}\"")));
    assert_eq!(
        ask(&gateway(&[&a, &b]), "{ desk { note } }").await,
        json!({ "data": { "desk": [{ "note": "read" }, { "note": "write" }] } })
    );
    let sent = b.request();
    assert_eq!(sent.representations()[0]["top"]["title"], "Emma");
    assert_eq!(sent.representations()[0]["top"]["pages"], 300);
    assert_eq!(sent.representations()[1]["top"]["ink"], "blue");
}

/// A payload through which a client reads on, with a field of a subgraph that has nothing to do with the payload.
#[tokio::test]
async fn the_query_root_can_be_entered_again_below_any_field() {
    let a = "schema { query: Root } type Root { start: Payload end: Payload } type Payload { query: Root! }";
    let payload = json!({ "__typename": "Payload", "query": { "__typename": "Root" } });
    let a = Subgraph::new("a", a, json!({ "Query": { "start": payload, "end": payload } })).await;
    let b = Subgraph::new("b", "type Query { stock: Int }", json!({ "Query": { "stock": 3 } })).await;
    let api = supergraph(&[&a, &b]).api_sdl();
    assert!(api.contains("type Payload {\n  query: Query!\n}") && !api.contains("scalar"), "{api}");
    assert_eq!(
        ask(&gateway(&[&a, &b]), "{ start { query { stock } } end { query { __typename stock } } }").await,
        json!({ "data": {
            "start": { "query": { "stock": 3 } }, "end": { "query": { "__typename": "Query", "stock": 3 } }
        } })
    );
}

/// An interface object of which another subgraph has other fields.
#[tokio::test]
async fn an_interface_object_provides_what_it_says() {
    let known = r#"
        type Query { known: Media }
        interface Media @key(fields: "id") { id: ID! }
        type Book implements Media @key(fields: "id") { id: ID! }
        type Author @key(fields: "id") { id: ID! name: String @shareable }
    "#;
    let written = r#"
        type Media @key(fields: "id") @interfaceObject { id: ID! author: Author @provides(fields: "name") }
        type Author @key(fields: "id") { id: ID! name: String @external }
    "#;
    let book = json!({ "__typename": "Book", "id": "1" });
    let a = Subgraph::new("a", known, json!({ "Query": { "known": book }, "entities": [] })).await;
    let author = json!({ "__typename": "Media", "id": "1", "author": { "id": "2", "name": "Jane" } });
    let b = Subgraph::new("b", written, json!({ "entities": [author] })).await;
    let sdl = supergraph(&[&a, &b]).sdl().to_owned();
    assert!(sdl.contains(r#"author: Author @join__field(graph: B, provides: "name")"#), "{sdl}");
    assert_eq!(
        ask(&gateway(&[&a, &b]), "{ known { author { name } } }").await,
        json!({ "data": { "known": { "author": { "name": "Jane" } } } })
    );
}

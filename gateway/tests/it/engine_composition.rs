//! Supergraphs: composed, loaded, and what is said where that does not work.

use gateway::supergraph::{SubgraphSource, Supergraph, SupergraphError};

pub(crate) fn source(name: &str, sdl: &str) -> SubgraphSource {
    SubgraphSource { name: name.to_owned(), url: format!("http://{name}.test/graphql"), sdl: sdl.to_owned() }
}

#[test]
fn a_composed_supergraph_can_be_written_and_loaded_again() {
    let composed = Supergraph::compose(&[
        source("a", "type Query { one: Int }"),
        source("b", "type Query { two: Int } type Mutation { three: Int }"),
    ])
    .unwrap();
    let loaded = Supergraph::from_sdl(composed.sdl()).unwrap();
    let subgraphs: Vec<_> = loaded.subgraphs().collect();
    assert_eq!(subgraphs, [("a", "http://a.test/graphql"), ("b", "http://b.test/graphql")]);
    assert_eq!(loaded.api_sdl(), composed.api_sdl());
}

#[test]
fn the_api_schema_has_neither_federation_nor_what_is_inaccessible() {
    let link =
        r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@inaccessible"])"#;
    let sdl = format!(
        r#"{link}
        type Query {{ user: User hidden: Int @inaccessible }}
        type User @key(fields: "id") {{ id: ID! secret: String @inaccessible }}
        "#
    );
    let api = Supergraph::compose(&[source("a", &sdl)]).unwrap().api_sdl();
    assert_eq!(api, "type Query {\n  user: User\n}\n\ntype User {\n  id: ID!\n}\n");
}

#[test]
fn composition_errors_are_listed_all() {
    let error = Supergraph::compose(&[
        source("a", "type Query { price: Int size: Int }"),
        source("b", "type Query { price: String size: String }"),
    ])
    .unwrap_err();
    let SupergraphError::Composition(errors) = error else { panic!("{error}") };
    assert!(errors.iter().any(|error| error.contains("price")), "{errors:?}");
    assert!(errors.iter().any(|error| error.contains("size")), "{errors:?}");
}

#[test]
fn a_schema_that_cannot_be_read_is_named() {
    let sources = [source("whole", "type Query { a: Int }"), source("broken", "type Query {\n  a: [\n}")];
    let error = Supergraph::compose(&sources).unwrap_err().to_string();
    assert!(error.contains("subgraph broken cannot be parsed") && error.contains("at 3:1"), "{error}");
    assert!(matches!(Supergraph::from_sdl("type Query { a: Int }"), Err(SupergraphError::NotASupergraph)));
    assert!(matches!(Supergraph::from_sdl("type {"), Err(SupergraphError::Unreadable(_))));
}

#[test]
fn schemas_of_federation_versions_newer_than_what_they_use_compose() {
    let sdl = |minor: u32| {
        format!(
            r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.{minor}", import: ["@key"])
            type Query {{ user: User }}
            type User @key(fields: "id") {{ id: ID! }}"#
        )
    };
    for minor in [0, 9, 10, 14] {
        Supergraph::compose(&[source("a", &sdl(minor))]).unwrap();
    }
    let error = Supergraph::compose(&[source("a", &sdl(99))]).unwrap_err().to_string();
    assert!(error.contains("[a] Invalid version v2.99"), "{error}");
}

#[test]
fn root_types_have_their_default_names() {
    let renamed = "schema { query: Reading mutation: Writing } type Reading { one: Int } type Writing { two: Int }";
    let composed =
        Supergraph::compose(&[source("a", renamed), source("b", "type Query { three: Int }")]).unwrap().api_sdl();
    assert_eq!(composed, "type Query {\n  one: Int\n  three: Int\n}\n\ntype Mutation {\n  two: Int\n}\n");
}

/// What is sent must suit every subgraph, what is received can come from any.
#[test]
fn types_that_differ_in_what_may_be_null_are_merged_in_lists_too() {
    let sdl = |of_type: &str| {
        format!(
            r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@shareable"])
            type Query implements Node {{ tags(in: {of_type}, by: By): {of_type} @shareable }}
            interface Node {{ tags(in: {of_type}, by: By): {of_type} }}
            input By {{ ids: {of_type} }}"#
        )
    };
    let merged = |a: &str, b: &str| Supergraph::compose(&[source("a", &sdl(a)), source("b", &sdl(b))]);
    for api in [merged("[Int]", "[Int!]!").unwrap().api_sdl(), merged("[Int!]!", "[Int]").unwrap().api_sdl()] {
        assert_eq!(api.matches("tags(in: [Int!]!, by: By): [Int]\n").count(), 2, "{api}");
        assert!(api.contains("input By {\n  ids: [Int!]!\n}"), "{api}");
    }
    let error = merged("[Int]!", "[Int!]").unwrap_err().to_string();
    assert!(error.contains(r#""Query.tags(in:)" is incompatible across subgraphs"#), "{error}");
}

/// Without this, an object would be asked of a subgraph that has never heard of it.
#[test]
fn what_a_subgraph_with_a_key_of_an_interface_must_know_of_its_objects_is_checked() {
    let link = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: [
        "@key", "@interfaceObject", "@override", "@shareable"
    ])"#;
    let known = r#"type Query { media: Media } interface Media @key(fields: "id") { id: ID! likes: Int }
        type Book implements Media @key(fields: "id") { id: ID! likes: Int @shareable }"#;
    let fault = |other: &str| {
        let sdl = |sdl: &str| format!("{link} {sdl}");
        let composed = Supergraph::compose(&[source("a", &sdl(known)), source("b", &sdl(other))]);
        let SupergraphError::Composition(faults) = composed.unwrap_err() else { panic!() };
        assert_eq!(faults.len(), 1, "{faults:?}");
        faults[0].clone()
    };
    let book = r#"type Media @key(fields: "id") @interfaceObject { id: ID! } type Book @key(fields: "id") { id: ID! }"#;
    assert!(fault(book).starts_with("INTERFACE_OBJECT_USAGE_ERROR: [b]") && fault(book).contains(r#"type "Book""#));
    let moved = r#"type Media @key(fields: "id") @interfaceObject { id: ID! likes: Int @override(from: "a") }"#;
    assert!(fault(moved).contains(r#"cannot be used on field "Media.likes" on subgraph "b""#), "{}", fault(moved));
    let film = r#"interface Media { id: ID! } type Film implements Media { id: ID! likes: Int }"#;
    assert!(fault(film).starts_with("INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE: [a]"), "{}", fault(film));
    assert!(fault(film).contains(r#"should define type "Film""#), "{}", fault(film));
}

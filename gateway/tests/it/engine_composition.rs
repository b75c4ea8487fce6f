//! Supergraphs: composed, loaded, and what is said where that does not work.

use gateway::supergraph::{SubgraphSource, Supergraph, SupergraphError};

fn source(name: &str, sdl: &str) -> SubgraphSource {
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
    let error = Supergraph::compose(&[source("broken", "type Query {")]).unwrap_err();
    assert!(error.to_string().contains("broken"), "{error}");
    assert!(matches!(Supergraph::from_sdl("type Query { a: Int }"), Err(SupergraphError::NotASupergraph)));
    assert!(matches!(Supergraph::from_sdl("type {"), Err(SupergraphError::Unreadable(_))));
}

//! Planning: a library that panics, and more operations than can be planned.

use std::sync::Arc;
use std::time::Duration;

use client::Deadline;
use futures_util::future::join_all;
use gateway::pipeline::{Answer, Caller, Gateway, StatusKind};
use gateway::supergraph::Supergraph;
use serde_json::json;

use crate::engine::{Subgraph, anonymous, answer, ask, body, gateway, settings, supergraph};

/// The suite `union-intersection` of The Guild's federation audit: unions whose members differ between subgraphs.
async fn media() -> [Subgraph; 2] {
    let book = json!({ "__typename": "Book", "id": "b1", "title": "t" });
    let a = Subgraph::new(
        "a",
        r#"
            union Media = Book | Song
            union ViewerMedia = Book | Song
            type Book @key(fields: "id") { id: ID! title: String! @shareable aTitle: String! }
            type Song @key(fields: "id") { id: ID! title: String! @shareable aTitle: String! }
            type Query {
                media: Media @shareable aMedia: Media @shareable book: Book @shareable song: Media @shareable
                viewer: Viewer @shareable
            }
            type Viewer {
                media: ViewerMedia @shareable aMedia: ViewerMedia book: Book @shareable song: ViewerMedia @shareable
            }
        "#,
        json!({ "Query": { "aMedia": book } }),
    );
    let b = Subgraph::new(
        "b",
        r#"
            type Query { media: Media @shareable bMedia: Media @shareable book: Media @shareable viewer: Viewer @shareable }
            union Media = Book | Movie
            union ViewerMedia = Book | Movie
            type Movie @key(fields: "id") { id: ID! title: String! @shareable bTitle: String! }
            type Book @key(fields: "id") { id: ID! title: String! @shareable bTitle: String! }
            type Viewer { media: ViewerMedia @shareable bMedia: ViewerMedia book: ViewerMedia @shareable }
        "#,
        json!({ "Query": { "media": book } }),
    );
    [a.await, b.await]
}

/// The library's look at mismatches unwraps a type that this union does not have in one of the subgraphs.
const PANICS: &str = "{ viewer { book { ... on Book { bTitle } } } }";

#[tokio::test]
async fn a_panic_of_the_planner_is_the_error_of_one_operation() {
    let [a, b] = media().await;
    // As a composition writes it that takes the narrower of two types for a field's own.
    let composed = supergraph(&[&a, &b]);
    let narrowed = composed.sdl().replacen("  book: ViewerMedia", "  book: Book", 1);
    assert_ne!(narrowed, composed.sdl());
    let gateway = Gateway::new(Supergraph::from_sdl(&narrowed).unwrap(), settings()).unwrap();
    let fine = json!({ "data": { "aMedia": { "title": "t" } } });
    // More often than there are threads to plan on.
    for _ in 0..2 * std::thread::available_parallelism().unwrap().get() + 1 {
        let refused = answer(&gateway, PANICS, anonymous()).await;
        assert_eq!(refused.status, StatusKind::Internal);
        let error = json!({ "message": "The operation could not be planned.", "extensions": { "code": "INTERNAL" } });
        assert_eq!(body(&refused), json!({ "errors": [error] }));
    }
    assert_eq!(ask(&gateway, "{ aMedia { ... on Book { title } } }").await, fine);
}

const STUB: &str = "type Query { a(n: Int): Int b(n: Int): Int c(n: Int): Int d: Int e: Int f: Int node: Query }";

async fn numbers() -> Subgraph {
    Subgraph::new(
        "numbers",
        STUB,
        json!({ "Query": { "a": 1, "b": 2, "d": 4, "node": { "a": 1, "node": { "a": 1 } } } }),
    )
    .await
}

#[tokio::test]
async fn operations_beyond_the_queue_are_shed_and_planned_ones_are_answered() {
    let numbers = numbers().await;
    let gateway = gateway(&[&numbers]);
    assert_eq!(ask(&gateway, "{ a }").await, json!({ "data": { "a": 1 } }));
    let queries: Vec<String> = (0..300).map(|number| format!("{{ a(n: {number}) }}")).collect();
    let flood = join_all(queries.iter().map(|query| answer(&gateway, query, anonymous())));
    let (answers, known) = tokio::join!(flood, ask(&gateway, "{ a }"));
    assert_eq!(known, json!({ "data": { "a": 1 } }));
    let (shed, served): (Vec<&Answer>, Vec<&Answer>) =
        answers.iter().partition(|answer| answer.status == StatusKind::Overloaded);
    assert!(shed.len() >= 100 && served.len() >= 128, "{} were shed", shed.len());
    assert!(served.iter().all(|answer| body(answer) == json!({ "data": { "a": 1 } })));
    for answer in shed {
        let body = body(answer);
        assert_eq!(body["errors"][0]["extensions"]["code"], "OVERLOADED", "{body}");
        assert!(body.get("data").is_none(), "{body}");
    }
    // It is over when they are planned.
    assert_eq!(ask(&gateway, "{ a(n: 299) }").await, json!({ "data": { "a": 1 } }));
}

#[tokio::test]
async fn nobody_waits_for_a_plan_longer_than_the_deadline() {
    let numbers = numbers().await;
    let gateway = Arc::new(gateway(&[&numbers]));
    for number in 0..100 {
        let gateway = gateway.clone();
        tokio::spawn(async move { ask(&gateway, &format!("{{ a(n: {number}) }}")).await });
    }
    tokio::task::yield_now().await;
    let late = Caller { deadline: Deadline::after(Duration::ZERO), ..anonymous() };
    // While it is planned, or, where the others were planned already, while it is executed.
    let answered = body(&answer(&gateway, "{ b }", late).await);
    assert_eq!(answered["errors"][0]["extensions"]["code"], "DEADLINE_EXCEEDED", "{answered}");
}

//! Mutations: one after the other, and never by a transport that must not change anything.

use std::sync::{Arc, Mutex};

use gateway::pipeline::{Caller, StatusKind};
use http::StatusCode;
use serde_json::{Value, json};

use crate::engine::{Subgraph, anonymous, answer, ask, body, gateway};

/// Two subgraphs with a mutation each, and one that resolves what both return; all write into one log.
async fn logging(log: &Log) -> [Subgraph; 3] {
    let thing = r#"type Thing @key(fields: "id") { id: ID! }"#;
    let mutating = |field: &str| format!("type Query {{ {field}Q: Int }} type Mutation {{ {field}: Thing }} {thing}");
    [
        Subgraph::scripted(
            "one",
            &mutating("one"),
            answering(log, "one", json!({ "one": { "id": "1", "__typename": "Thing" } })),
        )
        .await,
        Subgraph::scripted(
            "two",
            &mutating("two"),
            answering(log, "two", json!({ "two": { "id": "2", "__typename": "Thing" } })),
        )
        .await,
        names(log).await,
    ]
}

type Log = Arc<Mutex<Vec<&'static str>>>;

fn answering(
    log: &Log,
    name: &'static str,
    data: Value,
) -> impl Fn(&Value) -> (StatusCode, String) + Send + Sync + 'static {
    let log = Arc::clone(log);
    move |_| {
        log.lock().unwrap().push(name);
        (StatusCode::OK, json!({ "data": data }).to_string())
    }
}

/// Takes its time, so that a mutation that does not wait for it is seen in the log before it ends.
async fn names(log: &Log) -> Subgraph {
    let log = Arc::clone(log);
    let sdl = r#"
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])
        type Thing @key(fields: "id") { id: ID! name: String }
    "#;
    Subgraph::resolving("names", sdl.to_owned(), move |_| {
        let log = Arc::clone(&log);
        async move {
            for _ in 0..1_000 {
                tokio::task::yield_now().await;
            }
            log.lock().unwrap().push("names");
            (StatusCode::OK, json!({ "data": { "_entities": [{ "name": "n" }] } }).to_string())
        }
    })
    .await
}

#[tokio::test]
async fn root_fields_run_one_after_the_other_with_all_that_is_below_them() {
    let log = Arc::default();
    let [one, two, names] = logging(&log).await;
    let gateway = gateway(&[&one, &two, &names]);
    assert_eq!(
        ask(&gateway, "mutation { two { name } one { id name } }").await,
        json!({ "data": { "two": { "name": "n" }, "one": { "id": "1", "name": "n" } } })
    );
    assert_eq!(*log.lock().unwrap(), ["two", "names", "one", "names"]);
}

/// Between them the first one's objects are completed, which shows what has been done until then.
#[tokio::test]
async fn root_fields_of_one_subgraph_are_sent_one_by_one_if_other_subgraphs_complete_them() {
    let log = Log::default();
    let bank = Subgraph::scripted(
        "bank",
        r#"
            type Query { q: Int }
            type Mutation { open: Thing close: Thing }
            type Thing @key(fields: "id") { id: ID! }
        "#,
        answering(
            &log,
            "bank",
            json!({
                "open": { "id": "1", "__typename": "Thing" }, "close": { "id": "2", "__typename": "Thing" }
            }),
        ),
    )
    .await;
    let names = names(&log).await;
    let gateway = gateway(&[&bank, &names]);
    let query = "mutation { open { name } close { name } }";
    let both = json!({ "data": { "open": { "name": "n" }, "close": { "name": "n" } } });
    assert_eq!(ask(&gateway, query).await, both);
    assert_eq!(*log.lock().unwrap(), ["bank", "names", "bank", "names"]);
    log.lock().unwrap().clear();
    ask(&gateway, "mutation { open { id } close { id } }").await;
    assert_eq!(*log.lock().unwrap(), ["bank"]);
}

#[tokio::test]
async fn a_mutation_that_fails_does_not_stop_the_next() {
    let log = Arc::default();
    let [one, _, names] = logging(&log).await;
    let two = Subgraph::down(
        "two",
        r#"
        type Query { twoQ: Int } type Mutation { two: Thing } type Thing @key(fields: "id") { id: ID! }
    "#,
    )
    .await;
    let gateway = gateway(&[&one, &two, &names]);
    let response = ask(&gateway, "mutation { two { name } one { id } }").await;
    assert_eq!(response["data"], json!({ "two": null, "one": { "id": "1" } }));
    assert_eq!(response["errors"][0]["path"], json!(["two"]));
}

#[tokio::test]
async fn a_mutation_is_not_sent_twice() {
    let mutating = "type Query { q: Int } type Mutation { pay: Int }";
    let bank = Subgraph::scripted("bank", mutating, |_| {
        (StatusCode::OK, json!({ "data": null, "errors": [{ "message": "no", "path": ["pay"] }] }).to_string())
    })
    .await;
    let gateway = gateway(&[&bank]);
    assert_eq!(ask(&gateway, "mutation { pay }").await["data"], json!({ "pay": null }));
    assert_eq!(bank.requests().len(), 1);
}

#[tokio::test]
async fn a_mutation_by_get_is_refused() {
    let log = Arc::default();
    let [one, two, names] = logging(&log).await;
    let gateway = gateway(&[&one, &two, &names]);
    let caller = Caller { allow_mutation: false, ..anonymous() };
    let refused = answer(&gateway, "mutation { one { id } }", caller).await;
    assert_eq!(refused.status, StatusKind::MethodNotAllowed);
    assert!(body(&refused).get("data").is_none());
    assert!(log.lock().unwrap().is_empty());
}

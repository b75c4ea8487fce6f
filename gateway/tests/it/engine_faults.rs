//! Subgraphs that answer with what no subgraph should answer with.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, post};
use futures_util::stream::{self, StreamExt};
use gateway::pipeline::{Gateway, GatewaySettings};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::engine::{Subgraph, anonymous, answer, ask, settings, supergraph};

const TIMEOUT: Duration = Duration::from_millis(400);
/// On top of the timeout, for everything that is not waiting.
const MARGIN: Duration = Duration::from_millis(250);

const SOUND: &str = r#"
    type Query { sound: Thing }
    type Thing @key(fields: "id") { id: ID! name: String }
"#;
const BAD: &str = r#"
    type Query { bad: String }
    type Thing @key(fields: "id") { id: ID! size: Int }
"#;

fn quick() -> GatewaySettings {
    let mut settings = settings();
    settings.subgraph.timeout = TIMEOUT;
    settings.subgraph.max_response_bytes = 1024 * 1024;
    settings
}

/// In front of a sound subgraph, and of one that answers everything with what the closure makes.
async fn with_bad(reply: impl Fn() -> Response + Clone + Send + Sync + 'static) -> (Gateway, [Subgraph; 2]) {
    let thing = json!({ "__typename": "Thing", "id": "1", "name": "one" });
    let sound = Subgraph::new("sound", SOUND, json!({ "Query": { "sound": thing } })).await;
    let router = Router::new().route("/graphql", post(move || std::future::ready(reply())));
    let bad = Subgraph::routed("bad", BAD, router).await;
    let gateway = Gateway::new(supergraph(&[&sound, &bad]), quick()).unwrap();
    (gateway, [sound, bad])
}

fn as_json(body: impl Into<Body>) -> Response {
    ([(CONTENT_TYPE, "application/json")], body.into()).into_response()
}

/// The code of the only error, which is that of the root field or of the references of the bad subgraph. The sound
/// subgraph's data is there, and the answer in time.
async fn code(gateway: &Gateway, query: &str) -> String {
    let begun = Instant::now();
    let response = ask(gateway, query).await;
    assert!(begun.elapsed() < TIMEOUT + MARGIN, "{:?}", begun.elapsed());
    assert_eq!(response["data"]["sound"]["name"], "one", "{response}");
    assert!(response["data"]["bad"].is_null() && response["data"]["sound"]["size"].is_null(), "{response}");
    let errors = response["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{response}");
    errors[0]["extensions"]["code"].as_str().unwrap().to_owned()
}

async fn codes(reply: impl Fn() -> Response + Clone + Send + Sync + 'static) -> [String; 2] {
    let (gateway, _subgraphs) = with_bad(reply).await;
    [code(&gateway, "{ sound { name } bad }").await, code(&gateway, "{ sound { name size } }").await]
}

#[tokio::test]
async fn a_body_without_end_is_cut_at_the_bound() {
    let endless = || {
        let start = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(br#"{"data":{"bad":""#))]);
        let more = stream::repeat_with(|| Ok(Bytes::from_static(&[b'x'; 16 * 1024])));
        as_json(Body::from_stream(start.chain(more)))
    };
    assert_eq!(codes(endless).await, ["SUBGRAPH_BAD_RESPONSE"; 2]);
}

#[tokio::test]
async fn a_hundred_megabytes_of_errors_are_cut_at_the_bound() {
    let errors = || {
        let start = stream::iter([Bytes::from_static(br#"{"data":null,"errors":[{"message":"0"}"#)]);
        let error = Bytes::from(r#",{"message":"no"}"#.repeat(1_000));
        let more = stream::iter(std::iter::repeat_n(error, 100 * 1024 * 1024 / 17_000));
        let all = start.chain(more);
        as_json(Body::from_stream(all.map(Ok::<_, std::io::Error>)))
    };
    assert_eq!(codes(errors).await, ["SUBGRAPH_BAD_RESPONSE"; 2]);
}

#[tokio::test]
async fn a_body_of_a_byte_a_second_ends_with_the_timeout() {
    let dripping = || {
        let body = stream::unfold(0, |sent| async move {
            if sent > 0 {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), sent + 1))
        });
        as_json(Body::from_stream(body))
    };
    assert_eq!(codes(dripping).await, ["DEADLINE_EXCEEDED"; 2]);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_answer() {
    let broken = || {
        let body = stream::iter([
            Ok(Bytes::from_static(br#"{"data":{"bad":"#)),
            Err(std::io::Error::other("broken on purpose")),
        ]);
        as_json(Body::from_stream(body))
    };
    assert_eq!(codes(broken).await, ["SUBGRAPH_UNAVAILABLE"; 2]);
}

#[tokio::test]
async fn nesting_without_bound_is_no_answer() {
    for body in [
        format!(r#"{{"data":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000)),
        format!(r#"{{"data":{{"bad":{}"#, r#"{"a":"#.repeat(100_000)),
        format!(r#"{{"data":null,"errors":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000)),
        format!(r#"{{"data":{{"_entities":{}{}}}}}"#, "[".repeat(100_000), "]".repeat(100_000)),
    ] {
        assert_eq!(codes(move || as_json(body.clone())).await, ["SUBGRAPH_UNAVAILABLE"; 2]);
    }
}

/// Whoever answers with a redirect chooses whom the gateway talks to.
#[tokio::test]
async fn a_redirect_is_followed_nowhere() {
    let hits = Arc::new(AtomicUsize::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let elsewhere = format!("http://{}/latest/meta-data", listener.local_addr().unwrap());
    let seen = hits.clone();
    let hit = move || {
        seen.fetch_add(1, Ordering::SeqCst);
        std::future::ready(as_json(r#"{"data":{"bad":"caught","_entities":[{"size":1}]}}"#))
    };
    let server = tokio::spawn(async move { axum::serve(listener, Router::new().fallback(any(hit))).await.unwrap() });
    for status in [301, 302, 303, 307, 308] {
        let to = elsewhere.clone();
        let redirect = move || {
            let mut response = Redirect::temporary(&to).into_response();
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            response
        };
        assert_eq!(codes(redirect).await, ["SUBGRAPH_BAD_RESPONSE"; 2], "{status}");
    }
    assert_eq!(hits.load(Ordering::SeqCst), 0);
    server.abort();
}

#[tokio::test]
async fn what_is_json_and_no_graphql_is_no_answer() {
    for body in [
        "",
        "null",
        "[]",
        "5",
        "\"data\"",
        "{}",
        r#"{"data":{"bad":1}"#,
        r#"{"data":nul}"#,
        r#"{"data":{"bad":"b"}} {}"#,
        "{\"data\":\"\u{1}\"}",
    ] {
        assert_eq!(codes(move || as_json(body)).await, ["SUBGRAPH_UNAVAILABLE"; 2], "{body}");
    }
}

/// Values of the wrong kind are null with an error, wherever they stand; nothing that was not asked for is passed on.
#[tokio::test]
async fn data_of_the_wrong_kind_is_null_and_what_nobody_asked_for_is_dropped() {
    let values = [
        "[]",
        "{}",
        "[[{}]]",
        "5",
        "true",
        r#"{"size":"big"}"#,
        r#"{"size":[1]}"#,
        r#"{"size":{}}"#,
        r#"{"size":1.5}"#,
        r#"{"size":99999999999}"#,
    ];
    for value in values {
        let body = format!(
            r#"{{"data":{{"bad":{value},"secret":"leak","_entities":[{value}]}},"leak":"leak","extensions":{{"leak":1}}}}"#
        );
        let (gateway, _subgraphs) = with_bad(move || as_json(body.clone())).await;
        let response = ask(&gateway, "{ sound { name size } bad }").await;
        assert_eq!(response["data"]["sound"]["name"], "one", "{value}");
        assert_eq!(response["data"]["sound"]["size"], Value::Null, "{value}");
        assert_eq!(response["data"]["bad"], Value::Null, "{value}: {response}");
        assert!(!response.to_string().contains("leak"), "{response}");
    }
}

#[tokio::test]
async fn a_key_that_comes_twice_is_passed_on_once() {
    let body = r#"{"data":{"bad":"first","bad":"second","_entities":[{"size":1,"size":2}]},"data":{"bad":"third","_entities":[{"size":3},{"size":4}],"_entities":[{"size":5}]}}"#;
    let (gateway, _subgraphs) = with_bad(move || as_json(body)).await;
    let response = answer(&gateway, "{ sound { size } bad }", anonymous()).await;
    let text = String::from_utf8(response.body.to_vec()).unwrap();
    assert_eq!(text, r#"{"data":{"sound":{"size":5},"bad":"third"}}"#);
}

/// One error stands for each of the objects that a reference fills, so what it says is held as often as that.
#[tokio::test]
async fn errors_do_not_grow_into_more_than_a_client_can_read() {
    let thing = json!({ "__typename": "Thing", "id": "1", "name": "one" });
    let things: Vec<&Value> = std::iter::repeat_n(&thing, 1_000).collect();
    let sound = SOUND.replace("sound: Thing", "sound: [Thing]");
    let sound = Subgraph::new("sound", &sound, json!({ "Query": { "sound": things } })).await;
    let bad = Subgraph::scripted("bad", BAD, |_| {
        let said = "x".repeat(9_000);
        let error = json!({ "message": said, "path": ["_entities", 0, "size"], "extensions": { "said": said } });
        let errors = vec![error; 20];
        (StatusCode::OK, json!({ "data": { "_entities": [{ "size": null }] }, "errors": errors }).to_string())
    })
    .await;
    let gateway = Gateway::new(supergraph(&[&sound, &bad]), quick()).unwrap();
    let answer = answer(&gateway, "{ sound { size } }", anonymous()).await;
    assert!(answer.body.len() < 8 * 1024 * 1024, "{}", answer.body.len());
}

//! GraphQL over server-sent events.

use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, AUTHORIZATION};
use serde_json::{Value, json};
use testing::issuer;

use crate::app::{TestApp, code};

const SILENCE: &str = "subscription { silence }";

#[tokio::test]
async fn a_subscription_is_one_event_for_each_result_and_one_for_the_end() {
    let app = TestApp::start().await;
    let mut stream = app.client().subscribe("subscription { n: count(to: 2) }", json!({})).await;
    for event in [r#"event: next\ndata: {"data":{"n":1}}"#, r#"event: next\ndata: {"data":{"n":2}}"#] {
        assert_eq!(stream.event().await.unwrap(), event.replace("\\n", "\n"));
    }
    assert_eq!(stream.event().await.unwrap(), "event: complete\ndata:");
    assert_eq!(stream.event().await, None);
    app.until_open(0).await;
}

#[tokio::test]
async fn the_named_operation_decides_whether_a_request_subscribes() {
    let app = TestApp::start().await;
    let query = "query Q { caller } subscription S { count(to: 1) }";
    for (name, status) in [("Q", 200), ("S", 406)] {
        let request = reqwest::Client::builder().build().unwrap().post(&app.url);
        let body = json!({ "query": query, "operationName": name });
        assert_eq!(request.json(&body).send().await.unwrap().status(), status, "{name}");
    }
}

#[tokio::test]
async fn a_query_is_answered_by_a_stream_of_one_result() {
    let app = TestApp::start().await;
    let answered = app.client().subscribe("{ caller }", json!({})).await.rest().await;
    assert_eq!(answered, [json!({ "data": { "caller": null } })]);
    let refused = app.client().subscribe("{ caler }", json!({})).await.rest().await;
    assert_eq!((refused.len(), code(&refused[0])), (1, "BAD_USER_INPUT"));
}

#[tokio::test]
async fn a_subscription_that_reads_no_events_is_refused() {
    let app = TestApp::start().await;
    for accept in ["application/json", "*/*", "text/event-streams", "text/html, application/graphql-response+json"] {
        let request = reqwest::Client::builder().build().unwrap().post(&app.url).header(ACCEPT, accept);
        let response = request.json(&json!({ "query": SILENCE })).send().await.unwrap();
        assert_eq!(response.status(), 406, "{accept}");
        assert_eq!(code(&response.json().await.unwrap()), "SUBSCRIPTION_TRANSPORT");
    }
    for accept in ["text/event-stream", "application/json, Text/Event-Stream; charset=utf-8"] {
        let request = reqwest::Client::builder().build().unwrap().post(&app.url).header(ACCEPT, accept);
        let response = request.json(&json!({ "query": SILENCE })).send().await.unwrap();
        assert_eq!(response.status(), 200, "{accept}");
    }
}

#[tokio::test]
async fn a_subscription_selects_one_field() {
    let app = TestApp::start().await;
    for query in [
        "subscription { silence count(to: 1) }",
        "subscription { a: silence b: silence }",
        "subscription { ...F } fragment F on Subscription { silence }",
        "subscription { ... on Subscription { silence } }",
    ] {
        let (status, answer) = app.client().send(query, json!({})).await;
        assert_eq!((status, code(&answer)), (400, "BAD_USER_INPUT"), "{query}");
    }
}

#[tokio::test]
async fn what_a_gate_refuses_opens_no_stream() {
    let app = TestApp::start().await;
    let http = reqwest::Client::builder().build().unwrap();
    let post = |body: Value| http.post(&app.url).header(ACCEPT, "text/event-stream").json(&body);
    let forged = post(json!({ "query": SILENCE })).header(AUTHORIZATION, "Bearer a.b.c").send().await.unwrap();
    assert_eq!(forged.status(), 401);
    let lists = json!({ "query": SILENCE, "variables": { "ids": vec![1; 1_001] } });
    assert_eq!(post(lists).send().await.unwrap().status(), 400);
    let text = http.post(&app.url).header(ACCEPT, "text/event-stream").body(r#"{"query":"subscription { silence }"}"#);
    assert_eq!(text.send().await.unwrap().status(), 415);
    assert_eq!(app.streams.open(), 0);
}

#[tokio::test]
async fn a_guard_that_refuses_ends_the_stream_with_one_error() {
    let app = TestApp::start().await;
    let refused = app.client().subscribe("subscription { guarded }", json!({})).await.rest().await;
    assert_eq!((refused.len(), code(&refused[0])), (1, "UNAUTHENTICATED"));
    assert_eq!(refused[0]["errors"][0]["path"], json!(["guarded"]));
}

#[tokio::test]
async fn a_fault_in_a_stream_is_told_to_nobody() {
    let app = TestApp::start().await;
    let results = app.client().subscribe("subscription { fault }", json!({})).await.rest().await;
    assert_eq!(results[0], json!({ "data": { "fault": 0 } }));
    assert_eq!((results.len(), code(&results[1])), (2, "INTERNAL"));
    assert!(!results[1].to_string().contains("secret"));
}

#[tokio::test]
async fn a_stream_outlives_the_time_of_a_request_and_shows_that_it_lives() {
    let app = TestApp::with(|settings| {
        settings.streams.heartbeat = Duration::from_millis(100);
        settings.serve.header_read_timeout = Duration::from_millis(150);
        settings.serve.body_read_timeout = Duration::from_millis(150);
        settings.serve.write_timeout = Duration::from_millis(150);
    })
    .await;
    let mut stream = app.client().subscribe(SILENCE, json!({})).await;
    assert_eq!(stream.event().await.unwrap(), "event: next\ndata: {\"data\":{\"silence\":0}}");
    for _ in 0..8 {
        assert_eq!(stream.event().await.unwrap(), ":");
    }
    assert_eq!(app.streams.open(), 1);
}

#[tokio::test]
async fn no_more_streams_are_open_than_allowed() {
    let app = TestApp::with(|settings| settings.streams.max = 2).await;
    let first = app.client().subscribe(SILENCE, json!({})).await;
    let _second = app.client().subscribe(SILENCE, json!({})).await;
    let third = reqwest::Client::builder().build().unwrap().post(&app.url).header(ACCEPT, "text/event-stream");
    let third = third.json(&json!({ "query": SILENCE })).send().await.unwrap();
    assert_eq!(third.status(), 503);
    assert_eq!(code(&third.json().await.unwrap()), "OVERLOADED");
    assert_eq!(app.client().data("{ caller }", json!({})).await, json!({ "caller": null }));
    drop(first);
    app.until_open(1).await;
    app.client().subscribe(SILENCE, json!({})).await.data().await;
}

#[tokio::test]
async fn a_client_that_goes_away_frees_its_place_before_the_next_heartbeat() {
    let app = TestApp::with(|settings| settings.streams.heartbeat = Duration::from_secs(3_600)).await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = app.client().subscribe(SILENCE, json!({})).await;
        stream.data().await;
        streams.push(stream);
    }
    assert_eq!(app.streams.open(), 20);
    streams.truncate(5);
    app.until_open(5).await;
    drop(streams);
    app.until_open(0).await;
}

#[tokio::test]
async fn the_end_of_the_token_is_the_end_of_the_stream() {
    let app = TestApp::start().await;
    let mut claims = issuer::claims("somebody", "user");
    claims.exp = claims.iat + 2;
    let client = app.client().token(app.issuer.sign(&claims));
    let mut stream = client.subscribe(SILENCE, json!({})).await;
    assert_eq!(stream.data().await, json!({ "silence": 0 }));
    let end = stream.rest().await;
    assert_eq!((end.len(), code(&end[0])), (1, "UNAUTHENTICATED"));
    app.until_open(0).await;
}

#[tokio::test]
async fn the_end_of_the_process_is_the_end_of_the_stream() {
    let mut app = TestApp::start().await;
    let mut stream = app.client().subscribe(SILENCE, json!({})).await;
    stream.data().await;
    let asked = Instant::now();
    app.stop().await;
    assert!(asked.elapsed() < Duration::from_secs(2), "draining waited for a stream: {:?}", asked.elapsed());
    let end = stream.rest().await;
    assert_eq!((end.len(), code(&end[0])), (1, "SUBGRAPH_UNAVAILABLE"));
}

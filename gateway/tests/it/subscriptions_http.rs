//! Subscriptions over HTTP: both protocols byte for byte, and what is no subscription.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use serde_json::json;

use crate::http_gateway::outcome;
use crate::subscriptions::{Listener, MULTIPART, SSE, Shop, soon};

const DOCUMENT: &str = "subscription { stock { left product { name } } }";

#[tokio::test]
async fn server_sent_events_in_distinct_connections_mode() {
    let shop = Shop::open().await;
    let response = soon(shop.request(DOCUMENT, SSE).send()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let (mut listener, opening) = (Listener::new(response), shop.feed.opened().await);
    listener.reads(":\n\n").await;
    opening.stock(2, "p1").await;
    let event = r#"{"data":{"stock":{"left":2,"product":{"name":"Tea"}}}}"#;
    listener.reads(&format!("event: next\ndata: {event}\n\n")).await;
    opening.stock(1, "p2").await;
    let event = r#"{"data":{"stock":{"left":1,"product":{"name":"Cup"}}}}"#;
    listener.reads(&format!("event: next\ndata: {event}\n\n")).await;
    opening.complete().await;
    listener.ends_with("event: complete\ndata:\n\n").await;
}

#[tokio::test]
async fn multipart_as_apollos_clients_read_it() {
    let shop = Shop::open().await;
    let response = soon(shop.request(DOCUMENT, MULTIPART).send()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()[CONTENT_TYPE], "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0");
    let (mut listener, opening) = (Listener::new(response), shop.feed.opened().await);
    listener.reads("\r\n--graphql").await;
    opening.stock(2, "p1").await;
    let event = r#"{"payload":{"data":{"stock":{"left":2,"product":{"name":"Tea"}}}}}"#;
    listener.reads(&format!("\r\ncontent-type: application/json\r\n\r\n{event}\r\n--graphql")).await;
    opening.complete().await;
    listener.ends_with("--\r\n").await;
}

#[tokio::test]
async fn an_event_larger_than_a_read_and_white_space_in_a_custom_scalar_arrive_whole() {
    let shop = Shop::open().await;
    let (mut listener, opening) = shop.subscribe("subscription { stock { raw } }", SSE).await;
    listener.reads(":\n\n").await;
    let text = "x".repeat(200_000);
    let data = format!("{{\"data\":{{\"stock\":{{\"raw\":[\"{text}\",\ndata: 1]}}}}}}");
    opening.write(format!("event: next\ndata: {data}\n\n")).await.unwrap();
    listener.reads(&format!("event: next\ndata: {{\"data\":{{\"stock\":{{\"raw\":[\"{text}\", 1]}}}}}}\n\n")).await;
}

#[tokio::test]
async fn a_quiet_stream_shows_that_it_lives() {
    let shop = Shop::with(|config| config.edge.subscription_heartbeat = Duration::from_millis(50), None).await;
    let (mut events, first) = shop.subscribe(DOCUMENT, SSE).await;
    events.reads(":\n\n:\n\n:\n\n").await;
    let (mut parts, second) = shop.subscribe(DOCUMENT, MULTIPART).await;
    let heartbeat = "\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql";
    parts.reads(&format!("\r\n--graphql{heartbeat}{heartbeat}")).await;
    drop((first, second));
}

#[tokio::test]
async fn a_subscription_needs_a_client_that_names_a_stream_and_a_post() {
    let shop = Shop::open().await;
    for accept in
        ["application/json", "application/graphql-response+json", "*/*", "multipart/mixed;deferSpec=20220824, */*"]
    {
        let answer = outcome(shop.request(DOCUMENT, accept)).await;
        assert_eq!(answer, (406, "SUBSCRIPTION_TRANSPORT".to_owned()), "{accept}");
    }
    assert_eq!(outcome(shop.get(DOCUMENT, SSE)).await, (405, "BAD_USER_INPUT".to_owned()));
    assert_eq!(outcome(shop.get(DOCUMENT, "application/json")).await, (405, "BAD_USER_INPUT".to_owned()));
    assert!(shop.feed.is_unopened().await);
}

#[tokio::test]
async fn a_client_that_reads_streams_only_gets_the_result_of_a_query_as_one() {
    let shop = Shop::open().await;
    let query = |accept| shop.request("{ __typename }", accept).send();
    let streamed = Listener::new(soon(query(SSE)).await.unwrap());
    streamed
        .ends_with(":\n\nevent: next\ndata: {\"data\":{\"__typename\":\"Query\"}}\n\nevent: complete\ndata:\n\n")
        .await;
    let both = soon(query("text/event-stream, application/json")).await.unwrap();
    assert_eq!(both.headers()[CONTENT_TYPE], "application/json; charset=utf-8");
    assert_eq!(both.text().await.unwrap(), "{\"data\":{\"__typename\":\"Query\"}}");
    let invalid = shop.request("subscription { nothing }", SSE);
    assert_eq!(outcome(invalid).await, (400, "GRAPHQL_VALIDATION_FAILED".to_owned()));
}

#[tokio::test]
async fn more_subscriptions_than_allowed_are_refused_and_open_ones_do_not_stop_queries() {
    let shop = Shop::with(
        |config| {
            config.edge.max_subscriptions = 1;
            config.edge.max_in_flight = 1;
        },
        None,
    )
    .await;
    let (first, opening) = shop.subscribe(DOCUMENT, SSE).await;
    assert_eq!(outcome(shop.request("{ __typename }", "application/json")).await, (200, String::new()));

    let refused = soon(shop.request(DOCUMENT, SSE).send()).await.unwrap();
    assert_eq!((refused.status().as_u16(), &refused.headers()[RETRY_AFTER]), (503, &"1".parse().unwrap()));
    assert!(shop.feed.is_unopened().await);

    drop(first);
    opening.closed().await;
    let (mut next, opening) = shop.subscribe(DOCUMENT, SSE).await;
    opening.send(&json!({ "data": { "stock": { "left": 1, "product": null } } })).await;
    next.reads(":\n\nevent: next\n").await;
}

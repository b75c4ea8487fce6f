//! How streams end: by the client, the subgraph, the token, the process, and by nobody reading.

use std::time::{Duration, Instant};

use crate::identity_tokens::Issuer;
use crate::subscriptions::{Listener, MULTIPART, SSE, Shop, soon};

const DOCUMENT: &str = "subscription { stock { left } }";

#[tokio::test]
async fn a_client_that_goes_away_closes_the_subgraphs_stream() {
    let shop = Shop::open().await;
    for accept in [SSE, MULTIPART] {
        let (listener, opening) = shop.subscribe(DOCUMENT, accept).await;
        drop(listener);
        opening.closed().await;
    }
}

#[tokio::test]
async fn a_stream_that_the_subgraph_cuts_ends_with_one_error() {
    let shop = Shop::open().await;
    let error =
        r#"[{"message":"The service is unavailable.","extensions":{"code":"SUBGRAPH_UNAVAILABLE","service":"feed"}}]"#;
    let (events, opening) = shop.subscribe(DOCUMENT, SSE).await;
    drop(opening);
    events.ends_with(&format!(":\n\nevent: next\ndata: {{\"errors\":{error}}}\n\nevent: complete\ndata:\n\n")).await;
    let (parts, opening) = shop.subscribe(DOCUMENT, MULTIPART).await;
    drop(opening);
    let part = format!("\r\ncontent-type: application/json\r\n\r\n{{\"payload\":null,\"errors\":{error}}}\r\n");
    parts.ends_with(&format!("\r\n--graphql{part}--graphql--\r\n")).await;
}

#[tokio::test]
async fn a_stream_ends_with_the_token_that_opened_it() {
    let issuer = Issuer::start().await;
    let shop = Shop::with(|_| {}, Some(issuer.verifier())).await;
    let document = "subscription { audit { left } }";
    let request = shop.request(document, SSE).bearer_auth(issuer.expiring("stock:read", 2));
    let listener = Listener::new(soon(request.send()).await.unwrap());
    let opening = shop.feed.opened().await;
    let error = r#"{"message":"The access token has expired.","extensions":{"code":"UNAUTHENTICATED"}}"#;
    let end = format!("event: next\ndata: {{\"errors\":[{error}]}}\n\nevent: complete\ndata:\n\n");
    listener.ends_with(&format!(":\n\n{end}")).await;
    opening.closed().await;

    let denied = shop.request(document, SSE).bearer_auth(issuer.token("user"));
    let body = soon(denied.send()).await.unwrap().text().await.unwrap();
    assert!(body.contains("FORBIDDEN") && body.ends_with("event: complete\ndata:\n\n"), "{body}");
    let forged = shop.request(document, SSE).bearer_auth("forged");
    assert_eq!(soon(forged.send()).await.unwrap().status(), 401);
    assert!(shop.feed.is_unopened().await);
}

#[tokio::test]
async fn a_stop_of_the_process_ends_all_streams_at_once() {
    let mut shop = Shop::open().await;
    let (events, _first) = shop.subscribe(DOCUMENT, SSE).await;
    let (parts, _second) = shop.subscribe(DOCUMENT, MULTIPART).await;
    let started = Instant::now();
    shop.shutdown.trigger();
    let error = r#"{"message":"The gateway stops. Subscribe again.","extensions":{"code":"SERVICE_UNAVAILABLE"}}"#;
    events.ends_with(&format!(":\n\nevent: next\ndata: {{\"errors\":[{error}]}}\n\nevent: complete\ndata:\n\n")).await;
    let part = format!("\r\ncontent-type: application/json\r\n\r\n{{\"payload\":null,\"errors\":[{error}]}}\r\n");
    parts.ends_with(&format!("\r\n--graphql{part}--graphql--\r\n")).await;
    soon(&mut shop.server).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

/// Far more than all buffers between the subgraph and the client hold.
const FLOOD: usize = 4_000;

#[tokio::test]
async fn a_client_that_does_not_read_stops_the_subgraph_and_then_loses_its_stream() {
    let shop = Shop::with(|config| config.serve.write_timeout = Duration::from_millis(500), None).await;
    let (listener, opening) = shop.subscribe("subscription { stock { raw } }", SSE).await;
    let stalled = tokio::spawn(listener.stalls());
    let event = format!("event: next\ndata: {{\"data\":{{\"stock\":{{\"raw\":\"{}\"}}}}}}\n\n", "x".repeat(64 * 1024));
    let mut sent = 0;
    while sent < FLOOD && opening.write(event.clone()).await.is_ok() {
        sent += 1;
    }
    assert!(sent < FLOOD, "the subgraph was never held up");
    opening.closed().await;
    stalled.abort();
}

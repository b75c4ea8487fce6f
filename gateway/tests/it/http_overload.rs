//! Too much at once, and too slow.

use std::time::{Duration, Instant};

use reqwest::header::RETRY_AFTER;
use serde_json::Value;

use crate::http_gateway::{TestGateway, code, outcome};

#[tokio::test]
async fn what_is_more_than_the_bound_is_shed_at_once_and_told_when_to_come_back() {
    let gateway = TestGateway::with(|config| config.edge.max_in_flight = 1).await;
    let held = tokio::spawn(gateway.query("{ held }").send());
    gateway.subgraph.arrived.acquire().await.unwrap().forget();

    let shed = gateway.query("{ hello }").send().await.unwrap();
    assert_eq!((shed.status().as_u16(), shed.headers()[RETRY_AFTER].to_str().unwrap()), (503, "1"));
    assert_eq!(code(shed).await, "OVERLOADED");

    gateway.subgraph.released.add_permits(1);
    assert_eq!(held.await.unwrap().unwrap().status(), 200);
    assert_eq!(outcome(gateway.query("{ hello }")).await, (200, String::new()));
}

#[tokio::test]
async fn a_client_that_hangs_up_frees_its_place() {
    let gateway = TestGateway::with(|config| config.edge.max_in_flight = 1).await;
    let held = tokio::spawn(gateway.query("{ held }").send());
    gateway.subgraph.arrived.acquire().await.unwrap().forget();
    held.abort();
    // The server notices the closed connection, which takes it an unknown but short time.
    let started = Instant::now();
    while outcome(gateway.query("{ hello }")).await.0 == 503 {
        assert!(started.elapsed() < Duration::from_secs(10));
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_operation_ends_with_its_deadline() {
    let gateway = TestGateway::with(|config| config.edge.request_timeout = Duration::from_millis(300)).await;
    let started = Instant::now();
    let response = gateway.query("{ hello held }").send().await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["errors"][0]["extensions"]["code"], "DEADLINE_EXCEEDED", "{body}");
}

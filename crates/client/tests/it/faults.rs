use std::time::{Duration, Instant};

use client::{BadResponse, ClientError, ClientSettings, OperationKind, Unavailable};

use crate::stub::{Behaviour, Stub, ask, ask_within, client, query};

/// What a busy machine may add to a deadline.
const SLACK: Duration = Duration::from_millis(300);

async fn fails_within(behaviour: Behaviour, budget: Duration) -> (ClientError, Duration, u64) {
    let stub = Stub::start(behaviour).await;
    let client = client(&stub.url, ClientSettings { max_retries: 0, timeout: budget, ..ClientSettings::default() });
    let started = Instant::now();
    let error = ask_within(&client, OperationKind::Query, 2 * budget).await.unwrap_err();
    let stats = client.stats();
    assert_eq!((stats.in_flight, stats.queries.permits), (0, 0));
    (error, started.elapsed(), stats.queries.failures)
}

#[tokio::test]
async fn a_slow_service_is_left_at_the_timeout_and_that_is_its_failure() {
    let budget = Duration::from_millis(200);
    let (error, took, failures) = fails_within(Behaviour::Slow(Duration::from_secs(5)), budget).await;
    assert_eq!(error.code(), "DEADLINE_EXCEEDED");
    assert!(took >= budget && took < budget + SLACK, "{took:?}");
    assert_eq!(failures, 1);
}

#[tokio::test]
async fn the_deadline_covers_the_body_of_a_service_that_drips() {
    let budget = Duration::from_millis(300);
    let (error, took, failures) = fails_within(Behaviour::Drip, budget).await;
    assert_eq!(error.code(), "DEADLINE_EXCEEDED");
    assert!(took < budget + SLACK, "{took:?}");
    assert_eq!(failures, 1);
}

#[tokio::test]
async fn the_own_timeout_counts_where_the_callers_deadline_is_far() {
    let stub = Stub::start(Behaviour::Slow(Duration::from_secs(5))).await;
    let client = client(&stub.url, ClientSettings { timeout: Duration::from_millis(100), ..ClientSettings::default() });
    let started = Instant::now();
    let error = ask_within(&client, OperationKind::Query, Duration::from_secs(60)).await.unwrap_err();
    assert_eq!(error.code(), "DEADLINE_EXCEEDED");
    assert!(started.elapsed() < Duration::from_millis(100) + SLACK);
}

#[tokio::test]
async fn a_body_cut_in_the_middle_is_a_failure() {
    let (error, _, failures) = fails_within(Behaviour::CutMidBody, Duration::from_secs(2)).await;
    assert!(matches!(error, ClientError::BadResponse { reason: BadResponse::Truncated, .. }), "{error:?}");
    assert_eq!(failures, 1);
}

#[tokio::test]
async fn a_reset_before_the_answer_is_a_failure() {
    let (error, _, failures) = fails_within(Behaviour::Reset, Duration::from_secs(2)).await;
    assert!(matches!(error, ClientError::Unavailable { reason: Unavailable::Connection, .. }), "{error:?}");
    assert_eq!(failures, 1);
    assert!(error.may_have_been_executed());
}

#[tokio::test]
async fn a_body_without_an_end_is_cut_at_the_cap() {
    let stub = Stub::start(Behaviour::Endless).await;
    let client = client(&stub.url, ClientSettings { max_response_bytes: 1 << 20, ..ClientSettings::default() });
    let error = query(&client).await.unwrap_err();
    assert!(matches!(error, ClientError::BadResponse { reason: BadResponse::TooLarge, .. }), "{error:?}");
    assert_eq!(client.stats().queries.failures, 0);
}

#[tokio::test]
async fn a_body_announced_too_large_is_not_waited_for() {
    let (error, took, _) = fails_within(Behaviour::Announce(10 * 1024 * 1024 + 1), Duration::from_secs(2)).await;
    assert!(matches!(error, ClientError::BadResponse { reason: BadResponse::TooLarge, .. }), "{error:?}");
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test]
async fn a_service_that_is_down_is_unavailable_and_the_call_had_no_effect() {
    let stub = Stub::start(Behaviour::ok()).await;
    let url = stub.url.clone();
    drop(stub);
    let client = client(&url, ClientSettings::default());
    // The port is free once the aborted task has been dropped.
    tokio::task::yield_now().await;
    let error = ask(&client, OperationKind::Mutation).await.unwrap_err();
    assert!(matches!(error, ClientError::Unavailable { reason: Unavailable::Connect, .. }), "{error:?}");
    assert!(!error.may_have_been_executed());
    assert_eq!(client.stats().mutations.failures, 1);
}

#[tokio::test]
async fn a_connection_that_the_service_has_closed_costs_no_mutation() {
    let stub = Stub::start(Behaviour::HangUp).await;
    let client = client(&stub.url, ClientSettings::default());
    for _ in 0..200 {
        ask(&client, OperationKind::Mutation).await.unwrap();
    }
    assert_eq!((stub.hits(), client.stats().attempts), (200, 200));
}

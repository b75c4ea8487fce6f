use std::time::Duration;

use client::{Client, ClientError, ClientSettings, OperationKind};
use futures_util::future::join_all;

use crate::stub::{Behaviour, Stub, ask_within, client, query};

fn narrow(stub: &Stub) -> Client {
    client(&stub.url, ClientSettings { max_in_flight: 2, max_queued: 3, ..ClientSettings::default() })
}

#[tokio::test]
async fn calls_beyond_the_queue_are_shed_and_the_others_served() {
    let stub = Stub::start(Behaviour::Slow(Duration::from_millis(100))).await;
    let client = narrow(&stub);
    let outcomes = join_all((0..10).map(|_| query(&client))).await;
    let shed = outcomes.iter().filter(|outcome| matches!(outcome, Err(ClientError::Overloaded { .. }))).count();
    assert_eq!((shed, outcomes.iter().filter(|outcome| outcome.is_ok()).count()), (5, 5));
    assert_eq!((stub.most_concurrent(), client.stats().shed), (2, 5));
}

#[tokio::test]
async fn waiting_counts_towards_the_deadline_but_not_against_the_service() {
    let stub = Stub::start(Behaviour::Slow(Duration::from_millis(700))).await;
    let client = narrow(&stub);
    let impatient = || ask_within(&client, OperationKind::Query, Duration::from_millis(100));
    let (first, second, waiting) = tokio::join!(query(&client), query(&client), impatient());
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(waiting.unwrap_err().code(), "DEADLINE_EXCEEDED");
    assert_eq!((stub.hits(), client.stats().queries.failures), (2, 0));
}

#[tokio::test]
async fn nothing_leaks_when_callers_hang_up() {
    let stub = Stub::start(Behaviour::Slow(Duration::from_secs(30))).await;
    let client = narrow(&stub);
    for _ in 0..20 {
        let calls = join_all((0..5).map(|_| query(&client)));
        assert!(tokio::time::timeout(Duration::from_millis(20), calls).await.is_err());
    }
    let stats = client.stats();
    assert_eq!((stats.in_flight, stats.queued, stats.queries.permits), (0, 0, 0));
    assert_eq!((stats.queries.calls, stats.queries.failures), (0, 0));
}

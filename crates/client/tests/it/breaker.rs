use std::time::{Duration, Instant};

use client::{BreakerSettings, BreakerState, Client, ClientError, ClientSettings, OperationKind, Unavailable};
use futures_util::future::join_all;

use crate::stub::{Behaviour, Stub, ask, ask_within, client, query};

const OPEN_FOR: Duration = Duration::from_millis(200);

fn breaking(stub: &Stub) -> Client {
    let breaker = BreakerSettings { open_for: OPEN_FOR, ..BreakerSettings::default() };
    client(&stub.url, ClientSettings { breaker, retry_ratio: 0.0, ..ClientSettings::default() })
}

async fn opened(stub: &Stub) -> Client {
    let client = breaking(stub);
    for _ in 0..20 {
        query(&client).await.unwrap_err();
    }
    assert_eq!(client.stats().queries.state, BreakerState::Open);
    client
}

fn failing() -> Behaviour {
    Behaviour::status("500 Internal Server Error")
}

#[tokio::test]
async fn twenty_failures_open_the_breaker_and_then_no_call_is_sent() {
    let stub = Stub::start(failing()).await;
    let client = opened(&stub).await;
    let started = Instant::now();
    for _ in 0..100 {
        let error = query(&client).await.unwrap_err();
        assert!(matches!(error, ClientError::Unavailable { reason: Unavailable::BreakerOpen, .. }), "{error:?}");
    }
    assert!(started.elapsed() < OPEN_FOR / 2, "open calls took {:?}", started.elapsed());
    assert_eq!((stub.hits(), client.stats().rejected), (20, 100));
}

#[tokio::test]
async fn queries_that_fail_do_not_stop_mutations() {
    let stub = Stub::start(failing()).await;
    let client = opened(&stub).await;
    stub.behave(Behaviour::ok());
    ask(&client, OperationKind::Mutation).await.unwrap();
    assert_eq!(client.stats().mutations.state, BreakerState::Closed);
}

#[tokio::test]
async fn half_open_lets_three_probes_through_and_closes_once_they_succeed() {
    let stub = Stub::start(failing()).await;
    let client = opened(&stub).await;
    stub.behave(Behaviour::Slow(Duration::from_millis(200)));
    tokio::time::sleep(OPEN_FOR * 3 / 2).await;

    let outcomes = join_all((0..50).map(|_| query(&client))).await;
    let (served, rejected) = (outcomes.iter().filter(|outcome| outcome.is_ok()).count(), client.stats().rejected);
    assert_eq!((served, rejected, stub.hits()), (3, 47, 23));
    assert!(stub.most_concurrent() <= 3, "{} at once", stub.most_concurrent());
    assert_eq!(client.stats().queries.state, BreakerState::Closed);

    stub.behave(Behaviour::ok());
    join_all((0..50).map(|_| query(&client))).await.into_iter().for_each(|outcome| drop(outcome.unwrap()));
}

#[tokio::test]
async fn probes_that_hang_up_give_their_place_back() {
    let stub = Stub::start(failing()).await;
    let client = opened(&stub).await;
    stub.behave(Behaviour::Slow(Duration::from_secs(30)));
    tokio::time::sleep(OPEN_FOR * 3 / 2).await;
    let probes = join_all((0..3).map(|_| query(&client)));
    assert!(tokio::time::timeout(Duration::from_millis(100), probes).await.is_err());

    let stats = client.stats().queries;
    assert_eq!((stats.state, stats.permits), (BreakerState::HalfOpen, 0));
    stub.behave(Behaviour::ok());
    for _ in 0..3 {
        query(&client).await.unwrap();
    }
    assert_eq!(client.stats().queries.state, BreakerState::Closed);
}

#[tokio::test]
async fn calls_cut_by_the_deadline_open_the_breaker() {
    let stub = Stub::start(Behaviour::Slow(Duration::from_secs(30))).await;
    let breaker = BreakerSettings { open_for: OPEN_FOR, ..BreakerSettings::default() };
    let client =
        client(&stub.url, ClientSettings { breaker, timeout: Duration::from_millis(50), ..ClientSettings::default() });
    join_all((0..20).map(|_| query(&client))).await;
    assert_eq!(client.stats().queries.opened, 1);
}

#[tokio::test]
async fn while_the_breaker_is_open_nobody_waits_for_calls_that_are_stuck() {
    let stub = Stub::start(failing()).await;
    let breaker = BreakerSettings { open_for: Duration::from_secs(60), ..BreakerSettings::default() };
    let settings = ClientSettings { breaker, max_in_flight: 1, retry_ratio: 0.0, ..ClientSettings::default() };
    let client = client(&stub.url, settings);
    for _ in 0..20 {
        query(&client).await.unwrap_err();
    }
    stub.behave(Behaviour::Slow(Duration::from_secs(30)));
    let stuck = ask(&client, OperationKind::Mutation);
    let rejected = async {
        while stub.hits() < 21 {
            tokio::task::yield_now().await;
        }
        let started = Instant::now();
        query(&client).await.unwrap_err();
        started.elapsed()
    };
    tokio::select! {
        _ = stuck => panic!("the mutation must be stuck"),
        took = rejected => assert!(took < Duration::from_millis(200), "{took:?}"),
    }
}

#[tokio::test]
async fn callers_in_a_hurry_say_nothing_about_the_service() {
    let stub = Stub::start(Behaviour::Slow(Duration::from_millis(500))).await;
    let client = breaking(&stub);
    let hurried = || ask_within(&client, OperationKind::Query, Duration::from_millis(50));
    for outcome in join_all((0..100).map(|_| hurried())).await {
        assert_eq!(outcome.unwrap_err().code(), "DEADLINE_EXCEEDED");
    }
    let stats = client.stats().queries;
    assert_eq!((stats.state, stats.calls, stats.failures, stats.permits), (BreakerState::Closed, 0, 0, 0));
    query(&client).await.unwrap();
}

#[tokio::test]
async fn a_service_that_lets_a_caller_wait_for_longer_than_is_slow_has_failed() {
    let stub = Stub::start(Behaviour::Slow(Duration::from_secs(30))).await;
    let breaker = BreakerSettings { slow_after: Duration::from_millis(50), ..BreakerSettings::default() };
    let client = client(&stub.url, ClientSettings { breaker, ..ClientSettings::default() });
    join_all((0..20).map(|_| ask_within(&client, OperationKind::Query, Duration::from_millis(150)))).await;
    assert_eq!(client.stats().queries.opened, 1);
}

#[tokio::test]
async fn a_probe_in_a_hurry_neither_opens_nor_closes_the_breaker() {
    let stub = Stub::start(failing()).await;
    let client = opened(&stub).await;
    stub.behave(Behaviour::Slow(Duration::from_millis(500)));
    tokio::time::sleep(OPEN_FOR * 3 / 2).await;
    for _ in 0..10 {
        ask_within(&client, OperationKind::Query, Duration::from_millis(20)).await.unwrap_err();
    }
    let stats = client.stats().queries;
    assert_eq!((stats.state, stats.permits, stats.opened), (BreakerState::HalfOpen, 0, 1));
}

#[tokio::test]
async fn answers_that_are_too_large_open_no_breaker() {
    let stub = Stub::start(Behaviour::Announce(20 * 1024 * 1024)).await;
    let client = breaking(&stub);
    for _ in 0..50 {
        assert_eq!(query(&client).await.unwrap_err().code(), "SUBGRAPH_BAD_RESPONSE");
    }
    let stats = client.stats().queries;
    assert_eq!((stats.state, stats.calls, stats.failures), (BreakerState::Closed, 50, 0));
}

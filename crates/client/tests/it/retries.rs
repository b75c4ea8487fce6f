use std::time::{Duration, Instant};

use client::{BreakerSettings, ClientSettings, OperationKind};

use crate::stub::{Behaviour, Stub, ask, ask_within, client, query};

/// Retries within the default budget, and a breaker that stays out of it.
fn settings() -> ClientSettings {
    let breaker = BreakerSettings { min_calls: u64::MAX, ..BreakerSettings::default() };
    ClientSettings { breaker, ..ClientSettings::default() }
}

#[tokio::test]
async fn attempts_stay_within_a_tenth_over_the_calls() {
    let stub = Stub::start(Behaviour::status("503 Service Unavailable")).await;
    let client = client(&stub.url, settings());
    for calls in 1..=200 {
        query(&client).await.unwrap_err();
        assert!(stub.hits() * 10 <= calls * 11, "{} attempts for {calls} calls", stub.hits());
    }
    assert_eq!((stub.hits(), client.stats().attempts, client.stats().retries), (220, 220, 20));
}

#[tokio::test]
async fn a_query_that_fails_once_succeeds_when_the_budget_allows_a_retry() {
    let stub = Stub::start(Behaviour::ok()).await;
    let client = client(&stub.url, ClientSettings { retry_ratio: 1.0, ..settings() });
    stub.behave(Behaviour::status("502 Bad Gateway"));
    let asking = query(&client);
    let healing = async {
        while stub.hits() == 0 {
            tokio::task::yield_now().await;
        }
        stub.behave(Behaviour::ok());
    };
    let (answer, ()) = tokio::join!(asking, healing);
    answer.unwrap();
    assert_eq!(stub.hits(), 2);
}

#[tokio::test]
async fn a_mutation_is_never_sent_twice() {
    for behaviour in [Behaviour::status("503 Service Unavailable"), Behaviour::Reset, Behaviour::CutMidBody] {
        let stub = Stub::start(behaviour).await;
        let client = client(&stub.url, ClientSettings { retry_ratio: 1.0, ..settings() });
        ask(&client, OperationKind::Mutation).await.unwrap_err();
        assert_eq!(stub.hits(), 1);
    }
}

#[tokio::test]
async fn a_retry_that_the_deadline_or_the_service_forbids_is_not_made() {
    let stub = Stub::start(Behaviour::status("503 Service Unavailable\r\nretry-after: 5")).await;
    let client = client(&stub.url, ClientSettings { retry_ratio: 1.0, ..settings() });
    let started = Instant::now();
    ask_within(&client, OperationKind::Query, Duration::from_secs(1)).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(1));
    assert_eq!(stub.hits(), 1);
}

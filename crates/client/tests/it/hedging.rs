//! A service with several replicas, one of which is slow or gone.

use std::time::{Duration, Instant};

use client::{BreakerSettings, BreakerState, Client, ClientSettings, OperationKind};

use crate::stub::{Behaviour, Stub, ask, client, query, until};

/// Two replicas, a client that knows how fast they usually are, and as many hedges as it likes.
async fn replicated(settings: ClientSettings) -> (Stub, Stub, Client) {
    let (one, other) = (Stub::start(Behaviour::Keep).await, Stub::start(Behaviour::Keep).await);
    let client = client(&one.url, ClientSettings { urls: vec![other.url.clone()], ..settings });
    for _ in 0..50 {
        query(&client).await.unwrap();
    }
    (one, other, client)
}

fn generous() -> ClientSettings {
    ClientSettings { hedge_ratio: 1.0, retry_ratio: 1.0, ..ClientSettings::default() }
}

#[tokio::test]
async fn calls_are_spread_among_the_replicas() {
    let (one, other, _client) = replicated(ClientSettings::default()).await;
    assert!(one.hits() >= 10 && other.hits() >= 10, "{} and {}", one.hits(), other.hits());
}

#[tokio::test]
async fn a_query_at_a_silent_replica_is_answered_by_the_other_and_the_losing_connection_closes() {
    let (one, _other, client) = replicated(generous()).await;
    one.behave(Behaviour::Silence);
    let (before, mut asked) = (client.stats().hedges, 0);
    while client.stats().hedges == before {
        let started = Instant::now();
        query(&client).await.unwrap();
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        asked += 1;
        assert!(asked < 100, "one in two goes to the silent replica");
    }
    until(|| one.open() == 0).await;
    let stats = client.stats();
    assert_eq!((stats.in_flight, stats.queries.permits, stats.queries.failures), (0, 0, 0));
    assert_eq!(stats.attempts, stats.calls + stats.hedges);
}

#[tokio::test]
async fn hedges_stay_within_their_share_however_many_are_wanted() {
    for (hedge_ratio, retry_ratio) in [(0.03, 0.1), (1.0, 0.03)] {
        let (one, other, client) =
            replicated(ClientSettings { hedge_ratio, retry_ratio, ..ClientSettings::default() }).await;
        // Four in a hundred: fewer than would make it usual.
        for stub in [&one, &other] {
            stub.behave(Behaviour::Hiccup(25, Duration::from_millis(60)));
        }
        for _ in 0..1_000 {
            query(&client).await.unwrap();
            let stats = client.stats();
            assert!(stats.hedges * 100 <= stats.calls * 3, "{stats:?}");
        }
        let stats = client.stats();
        assert!(stats.hedges >= 15, "{stats:?}");
        assert!(one.hits() / 25 + other.hits() / 25 > stats.hedges as usize, "more were wanted than {}", stats.hedges);
    }
}

#[tokio::test]
async fn mutations_are_never_hedged() {
    let timeout = Duration::from_millis(100);
    let breaker = BreakerSettings { min_calls: u64::MAX, ..BreakerSettings::default() };
    let (one, other, client) = replicated(ClientSettings { timeout, breaker, ..generous() }).await;
    one.behave(Behaviour::Silence);
    let (hits, hedges) = (one.hits() + other.hits(), client.stats().hedges);
    let mut lost = 0;
    for _ in 0..20 {
        lost += usize::from(ask(&client, OperationKind::Mutation).await.is_err());
    }
    assert!(lost > 0, "one in two goes to the silent replica");
    assert_eq!((one.hits() + other.hits(), client.stats().hedges), (hits + 20, hedges));
}

#[tokio::test]
async fn a_replica_that_is_gone_costs_no_query() {
    let (one, other, client) = replicated(ClientSettings::default()).await;
    drop(one);
    for _ in 0..200 {
        query(&client).await.unwrap();
    }
    let stats = client.stats();
    assert_eq!(stats.queries.state, BreakerState::Closed);
    assert!(stats.attempts * 10 <= stats.calls * 11, "{stats:?}");
    assert!(other.hits() >= 200);
}

#[tokio::test]
async fn a_replica_that_is_silent_costs_few_calls() {
    let timeout = Duration::from_millis(200);
    let (one, _other, client) = replicated(ClientSettings { timeout, hedge_ratio: 0.0, ..generous() }).await;
    one.behave(Behaviour::Silence);
    let mut lost = 0;
    for _ in 0..200 {
        lost += usize::from(ask(&client, OperationKind::Mutation).await.is_err());
    }
    assert!((1..=3).contains(&lost), "{lost} lost");
    assert_eq!(client.stats().mutations.state, BreakerState::Closed);
}

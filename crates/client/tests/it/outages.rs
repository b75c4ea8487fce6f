//! R3: what the breaker does in an outage, from its beginning to a second after its end. A second of the defaults is
//! a tenth here.

use std::time::{Duration, Instant};

use client::{BreakerSettings, BreakerState, BreakerStats, Client, ClientError, ClientSettings, Unavailable};
use futures_util::future::join_all;

use crate::stub::{Behaviour, Stub, client, query, until};

const SECOND: Duration = Duration::from_millis(100);

fn scaled(stub: &Stub) -> Client {
    let breaker = BreakerSettings {
        window: SECOND * 10,
        slow_after: SECOND,
        open_for: SECOND * 5,
        open_for_at_most: SECOND * 60,
        ..BreakerSettings::default()
    };
    client(&stub.url, ClientSettings { breaker, timeout: SECOND * 3, ..ClientSettings::default() })
}

/// Calls until the breaker is open; what it had counted before the last of them.
async fn opens(client: &Client, at_once: usize) -> BreakerStats {
    let started = Instant::now();
    let mut before = client.stats().queries;
    while client.stats().queries.state != BreakerState::Open {
        assert!(started.elapsed() < SECOND * 10, "still closed: {before:?}");
        before = client.stats().queries;
        let _ = join_all((0..at_once).map(|_| query(client))).await;
    }
    before
}

/// While it is open, nothing is sent, and nobody waits.
async fn sends_nothing(client: &Client, hits: impl Fn() -> usize) {
    let before = hits();
    let mut times = Vec::new();
    for _ in 0..100 {
        let started = Instant::now();
        let error = query(client).await.unwrap_err();
        times.push(started.elapsed());
        assert!(matches!(error, ClientError::Unavailable { reason: Unavailable::BreakerOpen, .. }), "{error:?}");
    }
    times.sort();
    assert!(times[98] < Duration::from_millis(5), "p99 is {:?}", times[98]);
    assert_eq!(hits(), before);
}

/// Once the service is well, no more than three at once find that out, and it takes six seconds at most.
async fn closes(client: &Client, stub: &Stub) {
    stub.behave(Behaviour::Late(SECOND / 5));
    let (before, recovered) = (stub.hits(), Instant::now());
    while stub.hits() == before {
        let probes = join_all((0..50).map(|_| query(client))).await;
        assert!(probes.iter().filter(|outcome| outcome.is_ok()).count() <= 3);
    }
    assert!(stub.hits() <= before + 3, "{} probes", stub.hits() - before);
    while client.stats().queries.state != BreakerState::Closed {
        let _ = query(client).await;
    }
    assert!(recovered.elapsed() <= SECOND * 6 + SECOND, "{:?} to close", recovered.elapsed());
    let stats = client.stats();
    assert_eq!((stats.queries.permits, stats.in_flight), (0, 0));
}

#[tokio::test]
async fn r3_a_service_that_is_dead() {
    let stub = Stub::start(Behaviour::Keep).await;
    let (client, address) = (scaled(&stub), stub.address);
    query(&client).await.unwrap();
    drop(stub);
    let before = opens(&client, 1).await;
    assert!(before.failures < 20, "{before:?}");
    sends_nothing(&client, || client.stats().attempts as usize).await;
    let stub = Stub::start_at(address, Behaviour::Keep).await;
    closes(&client, &stub).await;
}

#[tokio::test]
async fn r3_a_service_that_is_stopped_and_keeps_its_connections() {
    let stub = Stub::start(Behaviour::Keep).await;
    let client = scaled(&stub);
    query(&client).await.unwrap();
    stub.behave(Behaviour::Silence);
    let before = opens(&client, 10).await;
    assert!(before.failures < 20, "{before:?}");
    until(|| stub.concurrent() == 0).await;
    sends_nothing(&client, || stub.hits()).await;
    closes(&client, &stub).await;
}

#[tokio::test]
async fn r3_a_service_half_of_whose_answers_are_500s() {
    let stub = Stub::start(Behaviour::EverySecond).await;
    let client = scaled(&stub);
    let before = opens(&client, 1).await;
    assert!(before.failures <= 20, "{before:?}");
    sends_nothing(&client, || stub.hits()).await;
    closes(&client, &stub).await;
}

#[tokio::test]
async fn r3_a_service_that_takes_two_seconds() {
    let stub = Stub::start(Behaviour::Late(SECOND * 2)).await;
    let client = scaled(&stub);
    let before = opens(&client, 10).await;
    assert!(before.slow < 20 && before.failures < 20, "{before:?}");
    until(|| stub.concurrent() == 0).await;
    sends_nothing(&client, || stub.hits()).await;
    closes(&client, &stub).await;
}

//! A service that takes longer the more calls it has at once, and one that does not.

use std::time::{Duration, Instant};

use client::{Client, ClientError, ClientSettings, OperationKind};
use futures_util::future::join_all;

use crate::stub::{Behaviour, Stub, ask_within, client, query};

const DEADLINE: Duration = Duration::from_millis(300);

/// What became of the calls of a crowd.
#[derive(Debug, Default)]
struct Outcomes {
    answered: usize,
    shed: usize,
    late: usize,
    longest: Duration,
    longest_shed: Duration,
}

/// As many callers at once, each of whom calls again and again.
async fn crowd(client: &Client, callers: usize, duration: Duration) -> Outcomes {
    let end = Instant::now() + duration;
    let caller = || async {
        let mut outcomes = Outcomes::default();
        while Instant::now() < end {
            let started = Instant::now();
            let outcome = ask_within(client, OperationKind::Query, DEADLINE).await;
            let took = started.elapsed();
            outcomes.longest = outcomes.longest.max(took);
            match outcome {
                Ok(_) => outcomes.answered += 1,
                Err(ClientError::Overloaded { .. }) => {
                    outcomes.shed += 1;
                    outcomes.longest_shed = outcomes.longest_shed.max(took);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(ClientError::DeadlineExceeded { .. }) => outcomes.late += 1,
                Err(error) => panic!("{error:?}"),
            }
        }
        outcomes
    };
    join_all((0..callers).map(|_| caller())).await.into_iter().fold(Outcomes::default(), |sum, each| Outcomes {
        answered: sum.answered + each.answered,
        shed: sum.shed + each.shed,
        late: sum.late + each.late,
        longest: sum.longest.max(each.longest),
        longest_shed: sum.longest_shed.max(each.longest_shed),
    })
}

/// A client that knows how long ten calls at once take, which is as many as the service does well.
async fn acquainted(stub: &Stub, adaptive_limit: bool) -> Client {
    let client = client(&stub.url, ClientSettings { adaptive_limit, ..ClientSettings::default() });
    crowd(&client, 10, Duration::from_secs(1)).await;
    client
}

#[tokio::test]
async fn an_overloaded_service_gets_fewer_calls_and_the_others_are_shed_at_once() {
    let stub = Stub::start(Behaviour::Crowded(10, Duration::from_millis(15))).await;
    let client = acquainted(&stub, true).await;
    assert_eq!(client.stats().limit, 256);
    crowd(&client, 300, Duration::from_secs(3)).await;
    let limit = client.stats().limit;
    assert!((16..=128).contains(&limit), "{limit}");

    let outcomes = crowd(&client, 300, Duration::from_secs(2)).await;
    assert!(outcomes.answered > 500 && outcomes.shed > 500, "{outcomes:?}");
    assert!(outcomes.late * 10 <= outcomes.answered, "{outcomes:?}");
    assert!(outcomes.longest <= DEADLINE + Duration::from_millis(300), "{outcomes:?}");
    assert!(outcomes.longest_shed < DEADLINE / 2, "shed, not queued: {outcomes:?}");
    assert_eq!((client.stats().in_flight, client.stats().queued), (0, 0));
}

#[tokio::test]
async fn a_fixed_limit_stays_where_it_is() {
    let stub = Stub::start(Behaviour::Crowded(10, Duration::from_millis(15))).await;
    let client = acquainted(&stub, false).await;
    crowd(&client, 300, Duration::from_secs(1)).await;
    assert_eq!((client.stats().limit, client.stats().shed), (256, 0));
}

#[tokio::test]
async fn a_healthy_service_is_never_limited_at_a_hundred_calls_at_once() {
    let stub = Stub::start(Behaviour::Late(Duration::from_millis(20))).await;
    let client = client(&stub.url, ClientSettings::default());
    let end = Instant::now() + Duration::from_secs(2);
    while Instant::now() < end {
        join_all((0..100).map(|_| query(&client))).await.into_iter().for_each(|outcome| drop(outcome.unwrap()));
        assert_eq!(client.stats().limit, 256);
    }
    assert_eq!((client.stats().shed, stub.most_concurrent()), (0, 100));
}

#[tokio::test]
async fn places_taken_away_while_calls_are_under_way_are_not_given_out_again() {
    let stub = Stub::start(Behaviour::Crowded(10, Duration::from_millis(15))).await;
    let client = acquainted(&stub, true).await;
    crowd(&client, 300, Duration::from_secs(3)).await;
    let limit = client.stats().limit;
    stub.behave(Behaviour::Silence);
    let calls = join_all((0..200).map(|_| ask_within(&client, OperationKind::Query, DEADLINE)));
    let watching = async {
        let mut most = 0;
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            most = most.max(stub.concurrent());
        }
        most
    };
    let (_, most) = tokio::join!(calls, watching);
    assert!(most > 0 && most <= limit, "{most} calls with {limit} places");
    assert_eq!((client.stats().in_flight, client.stats().queued), (0, 0));
}

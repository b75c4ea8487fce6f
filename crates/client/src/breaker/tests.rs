use std::time::Duration;

use tokio::time::{advance, sleep};

use super::{Breaker, BreakerSettings, BreakerState, Permit};

const SECOND: Duration = Duration::from_secs(1);

fn breaker() -> Breaker {
    Breaker::new("test".to_owned(), BreakerSettings::default())
}

fn permit(breaker: &Breaker) -> Permit {
    breaker.admit().expect("admitted")
}

fn fail(breaker: &Breaker, times: u32) {
    for _ in 0..times {
        permit(breaker).failed(None);
    }
}

fn succeed(breaker: &Breaker, times: u32) {
    for _ in 0..times {
        permit(breaker).succeeded();
    }
}

fn state(breaker: &Breaker) -> BreakerState {
    breaker.stats().state
}

#[tokio::test(start_paused = true)]
async fn it_takes_twenty_calls_and_half_of_them_failed() {
    let few = breaker();
    fail(&few, 19);
    assert_eq!(state(&few), BreakerState::Closed);
    fail(&few, 1);
    assert_eq!(state(&few), BreakerState::Open);

    let mixed = breaker();
    succeed(&mixed, 11);
    fail(&mixed, 10);
    assert_eq!(state(&mixed), BreakerState::Closed);
    fail(&mixed, 1);
    assert_eq!(state(&mixed), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn what_happened_before_the_window_is_forgotten() {
    let breaker = breaker();
    fail(&breaker, 19);
    advance(11 * SECOND).await;
    fail(&breaker, 19);
    assert_eq!(state(&breaker), BreakerState::Closed);
    assert_eq!(breaker.stats().failures, 19);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_answers_slowly_opens_it_too() {
    let breaker = breaker();
    for slow in 0..20 {
        assert_eq!(state(&breaker), BreakerState::Closed, "after {slow} slow calls");
        let permit = permit(&breaker);
        if slow >= 4 {
            sleep(SECOND / 2).await;
        }
        permit.succeeded();
    }
    assert_eq!(state(&breaker), BreakerState::Closed, "half a second is not slow");
    let permits: Vec<_> = (0..80).map(|_| permit(&breaker)).collect();
    sleep(2 * SECOND).await;
    permits.into_iter().for_each(Permit::succeeded);
    assert_eq!(state(&breaker), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn it_stays_open_for_five_seconds_and_then_twice_as_long_each_time_up_to_a_minute() {
    let breaker = breaker();
    fail(&breaker, 20);
    for seconds in [5, 10, 20, 40, 60, 60, 60] {
        advance(SECOND * seconds * 79 / 100).await;
        assert!(breaker.admit().is_none(), "opened for {seconds} s");
        advance(SECOND * seconds * 42 / 100).await;
        fail(&breaker, 1);
        assert_eq!(state(&breaker), BreakerState::Open);
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_honoured_for_a_minute_at_most() {
    for (asked, held) in [(30, 30), (3600, 60)] {
        let breaker = breaker();
        fail(&breaker, 19);
        permit(&breaker).failed(Some(SECOND * asked));
        advance(SECOND * (held - 1)).await;
        assert!(breaker.admit().is_none());
        advance(2 * SECOND).await;
        assert!(breaker.admit().is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn half_open_admits_three_at_once_and_three_successes_close_it() {
    let breaker = breaker();
    fail(&breaker, 20);
    advance(7 * SECOND).await;
    let mut probes: Vec<_> = (0..3).map(|_| permit(&breaker)).collect();
    assert!(breaker.admit().is_none() && breaker.rejects());
    probes.remove(0).succeeded();
    probes.remove(0).succeeded();
    assert_eq!(state(&breaker), BreakerState::HalfOpen);
    probes.remove(0).succeeded();
    assert_eq!(state(&breaker), BreakerState::Closed);
    assert_eq!((breaker.stats().calls, breaker.stats().permits), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn one_failed_or_slow_probe_opens_it_again() {
    let breaker = breaker();
    fail(&breaker, 20);
    advance(7 * SECOND).await;
    let (slow, late) = (permit(&breaker), permit(&breaker));
    sleep(SECOND * 11 / 10).await;
    slow.succeeded();
    assert_eq!(state(&breaker), BreakerState::Open);
    late.succeeded();
    assert_eq!(breaker.stats().opened, 2);
}

#[tokio::test(start_paused = true)]
async fn results_of_calls_started_before_a_change_are_ignored() {
    let breaker = breaker();
    let old: Vec<_> = (0..10).map(|_| permit(&breaker)).collect();
    fail(&breaker, 20);
    advance(7 * SECOND).await;
    let probe = permit(&breaker);
    old.into_iter()
        .enumerate()
        .for_each(|(n, permit)| if n % 2 == 0 { permit.succeeded() } else { permit.failed(None) });
    assert_eq!((state(&breaker), breaker.stats().permits), (BreakerState::HalfOpen, 1));
    drop(probe);
    assert_eq!((state(&breaker), breaker.stats().permits), (BreakerState::HalfOpen, 0));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_counts_as_nothing() {
    let breaker = breaker();
    (0..100).for_each(|_| drop(permit(&breaker)));
    let stats = breaker.stats();
    assert_eq!((stats.state, stats.calls, stats.permits), (BreakerState::Closed, 0, 0));
}

use super::*;

/// A service of simulated time, whose calls take as long as `latency` says for so many at once.
struct Simulation {
    limit: Limit,
    now: Instant,
}

impl Simulation {
    fn new() -> Self {
        let now = Instant::now();
        Self { limit: Limit::new(256, now), now }
    }

    /// As [`run`](Self::run), where callers give up after `patience` seconds.
    fn run_impatient(&mut self, seconds: f64, offered: usize, patience: f64, mut latency: impl FnMut(usize) -> f64) {
        let end = self.now + Duration::from_secs_f64(seconds);
        while self.now < end {
            let in_flight = offered.min(self.limit.now as usize);
            let wanted = latency(in_flight);
            let took = Duration::from_secs_f64(wanted.min(patience));
            self.now += took / in_flight as u32;
            self.limit.observe(self.now, took, wanted <= patience, in_flight);
        }
    }

    /// `seconds` of as many calls at once as are `offered` and allowed.
    fn run(&mut self, seconds: f64, offered: usize, latency: impl FnMut(usize) -> f64) {
        self.run_impatient(seconds, offered, f64::INFINITY, latency);
    }

    fn limit(&self) -> usize {
        self.limit.now as usize
    }
}

/// Ten milliseconds for as many as eight at once; beyond, calls wait for each other.
fn eight_at_once(in_flight: usize) -> f64 {
    0.010 * (in_flight as f64 / 8.0).max(1.0)
}

#[test]
fn a_service_that_is_fast_enough_is_not_limited() {
    let mut service = Simulation::new();
    for (offered, seconds) in [(1, 0.001), (100, 0.002), (250, 0.019), (250, 0.001), (250, 0.018)] {
        service.run(5.0, offered, |_| seconds);
        assert_eq!(service.limit(), 256);
    }
}

#[test]
fn an_overload_is_limited_within_seconds_for_as_long_as_it_lasts() {
    let mut service = Simulation::new();
    service.run(2.0, 4, eight_at_once);
    assert_eq!(service.limit(), 256);
    service.run(3.0, 400, eight_at_once);
    assert!((16..=40).contains(&service.limit()), "{}", service.limit());
    service.run(60.0, 400, eight_at_once);
    assert!((16..=40).contains(&service.limit()), "{}", service.limit());
}

#[test]
fn an_overload_in_which_all_callers_give_up_is_not_taken_for_dear_calls() {
    let mut service = Simulation::new();
    service.run(2.0, 4, eight_at_once);
    service.run_impatient(5.0, 400, 0.100, eight_at_once);
    assert!((16..=40).contains(&service.limit()), "{}", service.limit());
}

#[test]
fn the_limit_comes_back_after_an_overload() {
    let mut service = Simulation::new();
    service.run(2.0, 4, eight_at_once);
    service.run(10.0, 400, eight_at_once);
    service.run(20.0, 250, |_| 0.010);
    assert_eq!(service.limit(), 256);
}

#[test]
fn calls_that_are_dear_whatever_their_number_are_not_held_back_for_long() {
    let mut service = Simulation::new();
    service.run(10.0, 100, |_| 0.002);
    service.run(30.0, 200, |_| 0.150);
    assert!(service.limit() >= 200, "{}", service.limit());

    let mut service = Simulation::new();
    service.run(10.0, 100, |_| 0.002);
    let mut calls = 0.0;
    service.run(120.0, 200, |_| {
        calls += 1.0;
        0.150 * (1.0 + 0.3 * f64::sin(calls / 700.0))
    });
    assert!(service.limit() >= 200, "{}", service.limit());
}

#[test]
fn it_never_falls_below_the_floor_or_what_is_allowed() {
    let mut service = Simulation::new();
    service.run(2.0, 4, |_| 0.010);
    service.run(60.0, 400, |in_flight| 0.010 * in_flight as f64);
    assert_eq!(service.limit(), 16);
    let now = Instant::now();
    let mut narrow = Limit::new(2, now);
    for _ in 0..1_000 {
        narrow.observe(now + Duration::from_secs(1), Duration::from_secs(1), true, 2);
    }
    assert_eq!(narrow.now as usize, 2);
}

#[test]
fn callers_who_give_up_early_do_not_make_the_service_look_fast() {
    let mut service = Simulation::new();
    service.run(5.0, 250, |_| 0.100);
    let usual = service.limit.usual;
    for _ in 0..10_000 {
        service.now += Duration::from_millis(1);
        service.limit.observe(service.now, Duration::from_millis(1), false, 250);
    }
    assert_eq!(service.limit.usual, usual);
    service.run(5.0, 250, |_| 0.100);
    assert_eq!(service.limit(), 256);
}

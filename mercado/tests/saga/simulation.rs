//! Random walks through larger worlds: messages are lost, doubled and late, replies are not heard, time passes at any moment.
//! Then the faults end, and everything has to come to its end.
//!
//! `SAGA_SEED` is the first seed, `SAGA_SEEDS` how many there are; a seed that fails is printed and fails again.

use std::{
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use inventory::Status;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};

use crate::{
    rules::{ALL, REMOVALS, Rules},
    world::{Action, World},
};

const SEEDS: u64 = 100_000;
/// Rounds in which, without faults, everything comes to its end.
const ROUNDS: usize = 24;

/// What went wrong, if anything.
fn run(seed: u64, rules: Rules) -> Option<String> {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut world = any_world(&mut dice);
    let weights = Weights::any(&mut dice);
    for _ in 0..dice.random_range(20..120) {
        let actions = world.actions(rules);
        let Ok(action) = actions.choose_weighted(&mut dice, |action| weights.of(action)) else { break };
        world.apply(*action, rules);
        if let Some(violation) = world.violation() {
            return Some(format!("{violation}, after {action:?}: {world:?}"));
        }
    }
    calm(&mut world, rules)
}

fn any_world(dice: &mut StdRng) -> World {
    let products = dice.random_range(1..=3);
    let stock: Vec<_> = (0..products).map(|_| (dice.random_range(0..=4), dice.random_range(0..=2))).collect();
    let orders: Vec<Vec<_>> = (0..dice.random_range(1..=4))
        .map(|_| {
            let first = dice.random_range(0..products);
            (first..products).map(|product| (product, dice.random_range(1..=2))).collect()
        })
        .collect();
    World::new(&stock, &orders.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// How likely each kind of event is, so that some walks lose much and others get far.
struct Weights {
    lose: f64,
    double: f64,
    cancel: f64,
    time: f64,
}

impl Weights {
    fn any(dice: &mut StdRng) -> Self {
        let mut any = || dice.random::<f64>().powi(3);
        Self { lose: any(), double: any(), cancel: any(), time: any() * 0.3 }
    }

    fn of(&self, action: &Action) -> f64 {
        match action {
            Action::Drive(_) | Action::Deliver(_) => 1.0,
            Action::DeliverAndKeep(_) => self.double,
            Action::Lose(_) => self.lose,
            Action::AskToCancel(_) => self.cancel * 0.3,
            Action::PassDeadline(_) | Action::Expire(_) => self.time,
            Action::Take(_) | Action::Give(_) => 0.2,
        }
    }
}

/// No more faults: what is under way arrives, the recovery worker drives, and at last the time of reservations runs out.
fn calm(world: &mut World, rules: Rules) -> Option<String> {
    for round in 0..2 * ROUNDS {
        let settled = world.is_settled() && world.messages.is_empty();
        if settled {
            break;
        }
        for message in world.messages.clone() {
            world.apply(Action::Deliver(message), rules);
        }
        for action in world.actions(rules) {
            let is_time = matches!(action, Action::Expire(_)) && round >= ROUNDS;
            if is_time || matches!(action, Action::Drive(_)) {
                world.apply(action, rules);
            }
        }
        if let Some(violation) = world.violation() {
            return Some(format!("{violation}, after the faults: {world:?}"));
        }
    }
    let holds = world.orders.iter().any(|order| order.reservation == Some(Status::Held));
    if !world.is_settled() || holds { Some(format!("I10: not at its end: {world:?}")) } else { None }
}

/// The first seed that fails, and how.
fn first_failure(seeds: Range<u64>, rules: Rules) -> Option<(u64, String)> {
    let next = AtomicU64::new(seeds.start);
    let search = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return None;
            }
            if let Some(failure) = run(seed, rules) {
                next.store(seeds.end, Ordering::Relaxed);
                return Some((seed, failure));
            }
        }
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let searches: Vec<_> = (0..threads).map(|_| scope.spawn(search)).collect();
        searches.into_iter().filter_map(|search| search.join().unwrap()).min()
    })
}

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().unwrap())
}

#[test]
fn r2_no_walk_breaks_anything_and_all_come_to_their_end() {
    let first = setting("SAGA_SEED", 1);
    let seeds = first..first + setting("SAGA_SEEDS", SEEDS);
    eprintln!("SAGA_SEED={first} SAGA_SEEDS={}", seeds.end - seeds.start);
    if let Some((seed, failure)) = first_failure(seeds, ALL) {
        panic!("SAGA_SEED={seed} SAGA_SEEDS=1: {failure}");
    }
}

#[test]
fn r2_without_any_one_of_the_rules_some_walk_breaks_something() {
    for (rule, rules) in REMOVALS {
        let failure = first_failure(1..SEEDS, rules);
        let Some((seed, failure)) = failure else { panic!("nothing breaks without {rule}") };
        eprintln!("without {rule}, seed {seed}: {failure}");
    }
}

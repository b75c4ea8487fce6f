//! What can happen.

use std::fmt::Debug;

use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{RngSeed, TestRunner},
};

use crate::wire::Fate;

pub(crate) const PRODUCTS: usize = 2;
pub(crate) const ORDERS: usize = 3;

/// Orders and products are named by number.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// With units of each product; zero is no line.
    Place(usize, [i32; PRODUCTS]),
    /// To one of the orders that are placed.
    To(Index, Deed),
    /// The process ends, with all that it was about to do.
    Kill(Process),
    Restock(usize, i32),
}

#[derive(Copy, Clone, Debug)]
pub(crate) enum Deed {
    /// The process begins to drive the order.
    Drive(Process),
    /// Its lease is over, and the process takes it.
    Recover(Process),
    /// Its oldest call that waits on the wire goes to its fate; where none does, the first process begins to drive it.
    Call(Fate),
    /// A call arrives that nobody waits for.
    ArriveLate,
    Cancel(Who),
    PassDeadline,
    /// Inventory takes back what is held for too long.
    Expire,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Process {
    First,
    Second,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Customer,
    Staff,
    Stranger,
}

fn order() -> impl Strategy<Value = usize> {
    0..ORDERS
}

fn process() -> impl Strategy<Value = Process> {
    prop_oneof![Just(Process::First), Just(Process::Second)]
}

pub(crate) fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => Just(Fate::Arrive),
        1 => Just(Fate::ArriveTwice),
        1 => Just(Fate::LoseRequest),
        1 => Just(Fate::LoseAnswer),
        1 => Just(Fate::ArriveLate),
    ]
}

pub(crate) fn place() -> impl Strategy<Value = Step> {
    let units = [0..=3_i32, 0..=3].prop_filter("a line at least", |units| units.iter().any(|units| *units > 0));
    (order(), units).prop_map(|(order, units)| Step::Place(order, units))
}

fn deed() -> impl Strategy<Value = Deed> {
    let who = prop_oneof![4 => Just(Who::Customer), 2 => Just(Who::Staff), 1 => Just(Who::Stranger)];
    prop_oneof![
        2 => process().prop_map(Deed::Drive),
        2 => process().prop_map(Deed::Recover),
        16 => fate().prop_map(Deed::Call),
        2 => Just(Deed::ArriveLate),
        3 => who.prop_map(Deed::Cancel),
        1 => Just(Deed::PassDeadline),
        1 => Just(Deed::Expire),
    ]
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let change = (-4..=4_i32).prop_filter("a change", |by| *by != 0);
    prop_oneof![
        3 => place(),
        27 => (any::<Index>(), deed()).prop_map(|(order, deed)| Step::To(order, deed)),
        1 => process().prop_map(Step::Kill),
        1 => (0..PRODUCTS, change).prop_map(|(product, by)| Step::Restock(product, by)),
    ]
}

/// What is in stock at first.
pub(crate) fn supply() -> impl Strategy<Value = [i64; PRODUCTS]> {
    [0..=7_i64, 2..=9]
}

/// Runs many histories, as many as `HISTORIES` says where it is set.
pub(crate) fn try_many<H: Clone + Debug>(usual: u32, histories: impl Strategy<Value = H>, play: impl Fn(&H)) {
    let setting = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let seed = setting("HISTORY_SEED").unwrap_or_else(|| rand::rng().random());
    let cases = setting("HISTORIES").map_or(usual, |cases| cases.try_into().unwrap());
    eprintln!("HISTORY_SEED={seed} HISTORIES={cases}");
    let mut runner = TestRunner::new(ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 100,
        ..ProptestConfig::default()
    });
    let outcome = runner.run(&histories, |history| {
        play(&history);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("HISTORY_SEED={seed} HISTORIES={cases}: {failure}");
    }
}

//! Every state that a small world can come to.

use std::collections::{HashMap, VecDeque};

use crate::{
    rules::{ALL, REMOVALS, Rules},
    world::{Action, World},
};

/// What a search has found out.
#[derive(Debug)]
struct Found {
    states: usize,
    /// The invariant that is broken, and the shortest way there.
    violation: Option<(&'static str, Vec<Action>)>,
    /// States from which no way leads to an end.
    stuck: usize,
}

impl Found {
    fn is_sound(&self) -> bool {
        self.violation.is_none() && self.stuck == 0
    }
}

/// Looks at all states with at most `in_flight` messages on their way. Stops at the first violation.
fn search(start: World, rules: Rules, in_flight: usize) -> Found {
    let mut numbers = HashMap::from([(start.clone(), 0)]);
    let mut ways: Vec<Option<(usize, Action)>> = vec![None];
    let mut before: Vec<Vec<usize>> = vec![Vec::new()];
    let mut settled = Vec::new();
    let mut open = VecDeque::from([(0, start)]);
    while let Some((number, world)) = open.pop_front() {
        if let Some(violation) = world.violation() {
            return Found { states: ways.len(), violation: Some((violation, way(&ways, number))), stuck: 0 };
        }
        if world.is_settled() {
            settled.push(number);
        }
        for action in world.actions(rules) {
            let mut next = world.clone();
            next.apply(action, rules);
            if next.messages.len() > in_flight {
                continue;
            }
            let known = numbers.get(&next).copied();
            let to = known.unwrap_or_else(|| {
                numbers.insert(next.clone(), ways.len());
                ways.push(Some((number, action)));
                before.push(Vec::new());
                open.push_back((ways.len() - 1, next));
                ways.len() - 1
            });
            before[to].push(number);
        }
    }
    Found { states: ways.len(), violation: None, stuck: ways.len() - reached(&before, settled) }
}

fn way(ways: &[Option<(usize, Action)>], mut to: usize) -> Vec<Action> {
    let mut actions = Vec::new();
    while let Some((from, action)) = ways[to] {
        actions.push(action);
        to = from;
    }
    actions.reverse();
    actions
}

/// How many states an end can be reached from.
fn reached(before: &[Vec<usize>], mut open: Vec<usize>) -> usize {
    let mut seen = vec![false; before.len()];
    open.iter().for_each(|&state| seen[state] = true);
    while let Some(state) = open.pop() {
        for &from in &before[state] {
            if !std::mem::replace(&mut seen[from], true) {
                open.push(from);
            }
        }
    }
    seen.into_iter().filter(|seen| *seen).count()
}

#[track_caller]
fn check(world: World, in_flight: usize) {
    let found = search(world, ALL, in_flight);
    eprintln!("{} states", found.states);
    assert!(found.is_sound(), "{found:?}");
}

#[test]
fn one_order_and_a_competitor_for_one_unit() {
    check(World::new(&[(1, 0)], &[&[(0, 1)]]), usize::MAX);
}

#[test]
fn two_lines_of_which_one_may_be_short() {
    check(World::new(&[(1, 0), (1, 0)], &[&[(0, 1), (1, 1)]]), 4);
}

#[test]
fn two_orders_for_one_unit() {
    check(World::new(&[(1, 0)], &[&[(0, 1)], &[(0, 1)]]), 2);
}

#[test]
fn a_unit_that_is_back_ordered() {
    check(World::new(&[(0, 1)], &[&[(0, 1)]]), usize::MAX);
}

#[test]
fn without_any_one_of_the_rules_something_breaks() {
    // Some break only where units are short, one only where a unit is left that can be held twice.
    let worlds = [1, 2].map(|units| World::new(&[(units, 0)], &[&[(0, 1)]]));
    for (rule, rules) in REMOVALS {
        let broken = worlds.iter().map(|world| search(world.clone(), rules, 4)).find(|found| !found.is_sound());
        let Some(found) = broken else { panic!("nothing breaks without {rule}") };
        eprintln!("without {rule}: {:?}, {} stuck", found.violation, found.stuck);
    }
}

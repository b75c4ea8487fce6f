//! Parts of a plan that have nothing to do with each other.

use std::collections::{BTreeMap, BTreeSet};

use super::{Asks, PathStep, Shape, Step};

/// Steps that alone fill some slots of the response's root, and read nothing that others bring. All of them are queries,
/// and all but the first depend on it: of its answer, and of what goes with these variables, everything follows that the
/// others ask.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) steps: Vec<usize>,
    pub(crate) first: usize,
    /// Of the root.
    pub(crate) slots: BTreeSet<usize>,
    /// Of the client's operation, those that are sent after the first step.
    pub(crate) variables: BTreeSet<String>,
}

/// The branches of a plan. A step that is part of none has no first step alone before it, or changes something.
pub(super) fn find(steps: &[Step], shapes: &[Shape]) -> Vec<Branch> {
    let slots: Vec<BTreeSet<usize>> = steps.iter().map(|step| slots(step, shapes)).collect();
    let mut groups: Vec<usize> = (0..steps.len()).collect();
    for (position, step) in steps.iter().enumerate() {
        let meets = |other: usize| !slots[position].is_disjoint(&slots[other]);
        for other in (0..steps.len()).filter(|other| step.depends_on.contains(other) || meets(*other)) {
            let (from, to) = (groups[other], groups[position]);
            groups.iter_mut().filter(|group| **group == from).for_each(|group| *group = to);
        }
    }
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (step, group) in groups.into_iter().enumerate() {
        members.entry(group).or_default().push(step);
    }
    members.into_values().filter_map(|members| branch(members, steps, &slots)).collect()
}

fn branch(members: Vec<usize>, steps: &[Step], slots: &[BTreeSet<usize>]) -> Option<Branch> {
    let mut firsts = members.iter().copied().filter(|step| steps[*step].depends_on.is_empty());
    let (first, None) = (firsts.next()?, firsts.next()) else { return None };
    let asks_root = matches!(steps[first].asks, Asks::Root { .. }) && steps[first].path.is_empty();
    if !asks_root || !members.iter().all(|step| steps[*step].is_query()) {
        return None;
    }
    let later = members.iter().filter(|step| **step != first);
    let variables = later.flat_map(|step| steps[*step].variables.iter().cloned()).collect();
    let slots = members.iter().flat_map(|step| &slots[*step]).copied().collect();
    Some(Branch { steps: members, first, slots, variables })
}

/// Slots of the root into which a step writes, or below which.
fn slots(step: &Step, shapes: &[Shape]) -> BTreeSet<usize> {
    let below = step.path.iter().find_map(|part| match part {
        PathStep::Key { slot, .. } => Some(*slot),
        PathStep::Types(_) => None,
    });
    match below {
        Some(slot) => BTreeSet::from([slot]),
        None => shapes[step.shape].fields.iter().map(|field| field.slot).collect(),
    }
}

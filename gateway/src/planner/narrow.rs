//! Look-ups of objects that a subgraph knows as an `@interfaceObject`, of those types only that fields are needed of.
//!
//! Such a subgraph cannot tell the types apart, so a fragment has to be decided on before its fields are asked for. The
//! planner finds out the types, and then asks all the same: it forgets the condition below the fragment and for fields
//! with `@requires`, joins fetches with a condition and without it, and drops the references of one type where it joins
//! fetches for two.

use std::collections::{BTreeMap, BTreeSet};

use hive_router_query_planner::{
    ast::{operation::OperationDefinition, selection_item::SelectionItem, selection_set::SelectionSet},
    state::supergraph_state::SupergraphState,
};

use super::{
    conflicts,
    demand::{Demands, Guard},
    inputs::{Fetch, keys},
    interface_object::{Lookup, entities, fields},
    types,
};
use crate::{operation::TYPENAME, plan::draft::DraftPath};

/// Fetches, each with the positions of those it depends on.
pub(super) type Fetches = (Vec<Fetch>, Vec<Vec<usize>>);

/// Splits fetches whose fields are needed of different types, and leaves out those that bring nothing.
///
/// The fetches are in an order in which they can be made, and stay so but for those that wait for types.
pub(super) fn narrow(fetches: Fetches, operation: &OperationDefinition, state: &SupergraphState) -> Fetches {
    let Some(mut demands) = Demands::of(operation, state) else { return fetches };
    let (fetches, dependencies) = fetches;
    let mut parts: Vec<Vec<Fetch>> = Vec::with_capacity(fetches.len());
    // Who needs a field is known once all that is fetched later is.
    for (path, mut fetch) in fetches.into_iter().rev() {
        let document = &mut fetch.operation.document;
        let fragments = std::mem::take(&mut document.fragments);
        conflicts::spread(&mut document.operation.selection_set, &fragments);
        let split = split((path, fetch), &demands, state);
        for (guard, (path, fetch)) in &split {
            let path = keys(path);
            fetch.requires.iter().for_each(|requires| require(requires, &path, guard, &mut demands));
        }
        parts.push(split.into_iter().map(|(_, fetch)| fetch).collect());
    }
    parts.reverse();
    let (fetches, mut dependencies) = join(parts, &dependencies);
    types::wait(&fetches, &mut dependencies, state);
    (fetches, dependencies)
}

/// Whoever depends on a fetch that is not made depends on what that one would have depended on.
fn join(parts: Vec<Vec<Fetch>>, dependencies: &[Vec<usize>]) -> Fetches {
    let (mut fetches, mut joined) = (Vec::new(), Vec::new());
    let mut positions: Vec<Vec<usize>> = Vec::with_capacity(parts.len());
    for (parts, on) in parts.into_iter().zip(dependencies) {
        let on: BTreeSet<usize> = on.iter().flat_map(|position| &positions[*position]).copied().collect();
        let on: Vec<usize> = on.into_iter().collect();
        let own: Vec<usize> = (fetches.len()..fetches.len() + parts.len()).collect();
        joined.extend(vec![on.clone(); parts.len()]);
        fetches.extend(parts);
        positions.push(if own.is_empty() { on } else { own });
    }
    (fetches, joined)
}

/// What a reference is made of is needed by whom the fetch is needed.
fn require(set: &SelectionSet, path: &[String], guard: &Guard, demands: &mut Demands<'_>) {
    for item in &set.items {
        match item {
            SelectionItem::InlineFragment(fragment) => require(&fragment.selections, path, guard, demands),
            // Nothing is spared by not asking for a type.
            SelectionItem::Field(field) if field.name == TYPENAME => {}
            SelectionItem::Field(field) => {
                demands.add(path, &field.name, guard);
                let below = [path, std::slice::from_ref(&field.name)].concat();
                let guard = guard.iter().cloned().chain([None]).collect();
                require(&field.selections, &below, &guard, demands);
            }
            SelectionItem::FragmentSpread(_) => {}
        }
    }
}

/// The fetch in parts, each with the types that it is needed of.
fn split((path, fetch): Fetch, demands: &Demands<'_>, state: &SupergraphState) -> Vec<(Guard, Fetch)> {
    let keys = keys(&path);
    let all: Guard = vec![None; keys.len()];
    let renames = fetch.output_rewrites.iter().flatten().next().is_some();
    let Some(entities) = entities(&fetch) else { return vec![(all, (path, fetch))] };
    if renames || !demands.passes_unknown(&keys) {
        return vec![(all, (path, fetch))];
    }
    let mut needed: BTreeMap<Guard, BTreeSet<String>> = BTreeMap::new();
    for key in fields(entities).iter().map(|field| field.selection_identifier()) {
        for guard in demands.guards(&keys, key) {
            needed.entry(guard.clone()).or_default().insert(key.to_owned());
        }
    }
    if let Some(lookup) = Lookup::new(&fetch, state) {
        return split_lookup(&path, &lookup, needed);
    }
    // The subgraph knows which fields an object has.
    let guards = demands.united(needed.into_keys().map(widened).collect(), &keys);
    let guard = if let [guard] = guards.as_slice() { guard.clone() } else { all };
    let path = conditioned(&path, &guard);
    vec![(guard, (path, fetch))]
}

/// The keys of the fields that are needed of the same types are in one part.
fn split_lookup(
    path: &[DraftPath],
    lookup: &Lookup<'_>,
    mut needed: BTreeMap<Guard, BTreeSet<String>>,
) -> Vec<(Guard, Fetch)> {
    needed.values_mut().for_each(|keys| keys.retain(|key| !lookup.is_known(key)));
    needed.retain(|_, keys| !keys.is_empty());
    let part = |(guard, keys)| {
        let fetch = (conditioned(path, &guard), lookup.of(&keys));
        (guard, fetch)
    };
    needed.into_iter().map(part).collect()
}

fn widened(mut guard: Guard) -> Guard {
    guard.iter_mut().last().into_iter().for_each(|types| *types = None);
    guard
}

/// The path with the types of a guard.
fn conditioned(path: &[DraftPath], guard: &Guard) -> Vec<DraftPath> {
    let mut conditioned = Vec::with_capacity(path.len() + guard.len());
    let mut guards = guard.iter();
    for (position, part) in path.iter().enumerate() {
        conditioned.push(part.clone());
        let next = path.get(position + 1);
        let ends_place = !matches!(part, DraftPath::Types(_)) && !matches!(next, Some(DraftPath::Items));
        if ends_place && let Some(Some(types)) = guards.next() {
            let says_so = matches!(next, Some(DraftPath::Types(known)) if known.is_subset(types));
            conditioned.extend((!says_so).then(|| DraftPath::Types(types.clone())));
        }
    }
    conditioned
}

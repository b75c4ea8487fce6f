//! Fetches for objects of some types only, which have to know the types.

use std::collections::BTreeSet;

use hive_router_query_planner::{
    ast::{selection_item::SelectionItem, selection_set::SelectionSet},
    state::supergraph_state::SupergraphState,
};

use super::{
    inputs::{Fetch, keys},
    interface_object::{entities, knows_types},
    typename::field_type,
};
use crate::plan::draft::DraftPath;

/// Lets such fetches wait for one that brings the types. No named fragments are looked into.
pub(super) fn wait(fetches: &[Fetch], dependencies: &mut [Vec<usize>], state: &SupergraphState) {
    for position in 0..fetches.len() {
        for place in narrowed(&fetches[position].0) {
            let telling: Vec<usize> =
                (0..fetches.len()).filter(|it| tells_types(&fetches[*it], &place, state)).collect();
            let before = ancestors(position, dependencies);
            if telling.iter().any(|it| before.contains(it)) {
                continue;
            }
            let free = telling.into_iter().filter(|it| !ancestors(*it, dependencies).contains(&position));
            let free: Vec<usize> = free.filter(|it| *it != position).collect();
            dependencies[position].extend(free);
        }
    }
}

/// The places on a path where only some types go on.
fn narrowed(path: &[DraftPath]) -> Vec<Vec<String>> {
    let ends = path.iter().enumerate().filter(|(_, part)| matches!(part, DraftPath::Types(_)));
    ends.map(|(position, _)| keys(&path[..position])).collect()
}

fn ancestors(of: usize, dependencies: &[Vec<usize>]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut waiting = dependencies[of].clone();
    while let Some(next) = waiting.pop() {
        if found.insert(next) {
            waiting.extend(&dependencies[next]);
        }
    }
    found
}

/// Whether a fetch brings objects at the path with their types, which is asked for wherever they are not fixed.
fn tells_types((path, fetch): &Fetch, place: &[String], state: &SupergraphState) -> bool {
    let operation = &fetch.operation.document.operation;
    let Some(rest) = place.strip_prefix(keys(path).as_slice()) else { return false };
    let root = state.expect_root_type_name(operation.operation_kind.as_ref());
    let told = Told { service: &fetch.service_name, state };
    match entities(fetch) {
        Some(entities) => told.is_in(entities, "", rest),
        None => told.is_in(&operation.selection_set, root, rest),
    }
}

struct Told<'a> {
    service: &'a str,
    state: &'a SupergraphState,
}

impl Told<'_> {
    fn is_in(&self, set: &SelectionSet, parent: &str, path: &[String]) -> bool {
        set.items.iter().any(|item| match (item, path.split_first()) {
            (SelectionItem::InlineFragment(fragment), _) => {
                self.is_in(&fragment.selections, &fragment.type_condition, path)
            }
            (SelectionItem::Field(field), Some((key, rest))) => {
                let of = field_type(parent, &field.name, self.state).unwrap_or_default();
                field.selection_identifier() == key && self.is_in(&field.selections, of, rest)
            }
            (SelectionItem::Field(_), None) => knows_types(parent, self.service, self.state),
            (SelectionItem::FragmentSpread(_), _) => false,
        })
    }
}

//! Keys that a fetch needs, and that the planner has forgotten to ask for.
//!
//! It does so where the type of an `@interfaceObject`'s objects has to be found before fields of that type are fetched.
//! The references could not be made, and fields would be missing without an error.

use hive_router_query_planner::{
    ast::{
        selection_item::SelectionItem,
        selection_set::{FieldSelection, SelectionSet},
    },
    planner::plan_nodes::FetchNode,
    state::supergraph_state::SupergraphState,
};

use super::typename::field_type;
use crate::plan::draft::DraftPath;

/// A fetch, and the path of its objects.
pub(super) type Fetch = (Vec<DraftPath>, FetchNode);

/// The fetches are in an order in which they can be made.
pub(super) fn complete(fetches: &mut [Fetch], state: &SupergraphState) {
    for position in 0..fetches.len() {
        let (path, fetch) = &fetches[position];
        let Some(requires) = &fetch.requires else { continue };
        let path = keys(path);
        let mut missing: Vec<FieldSelection> = Vec::new();
        required(requires, &mut missing);
        missing.retain(|field| !fetches[..position].iter().any(|fetch| brings(fetch, &path, field)));
        for field in missing {
            for (of, fetch) in &mut fetches[..position] {
                let service = fetch.service_name.clone();
                let Some(rest) = path.strip_prefix(keys(of).as_slice()) else { continue };
                let objects = Objects { service: &service, state };
                if !rest.is_empty()
                    && objects.add(&mut fetch.operation.document.operation.selection_set, "", rest, &field)
                {
                    break;
                }
            }
        }
    }
}

fn keys(path: &[DraftPath]) -> Vec<String> {
    let keys = path.iter().filter_map(|part| match part {
        DraftPath::Key(key) => Some(key.to_string()),
        DraftPath::Items | DraftPath::Types(_) => None,
    });
    keys.collect()
}

/// Leaves only: no key of the kind was seen to be forgotten.
fn required(set: &SelectionSet, fields: &mut Vec<FieldSelection>) {
    for item in &set.items {
        match item {
            SelectionItem::InlineFragment(fragment) => required(&fragment.selections, fields),
            SelectionItem::Field(field) if field.selections.is_empty() && field.name != "__typename" => {
                fields.push(field.clone());
            }
            SelectionItem::Field(_) | SelectionItem::FragmentSpread(_) => {}
        }
    }
}

/// Whether the fetch asks for the field at the path, on whichever type. Named fragments are taken to bring everything.
fn brings((of, fetch): &Fetch, path: &[String], field: &FieldSelection) -> bool {
    let set = &fetch.operation.document.operation.selection_set;
    let Some(rest) = path.strip_prefix(keys(of).as_slice()) else { return false };
    match set.items.as_slice() {
        [SelectionItem::Field(entities)] if fetch.requires.is_some() => selects(&entities.selections, rest, field),
        _ => selects(set, rest, field),
    }
}

fn selects(set: &SelectionSet, path: &[String], wanted: &FieldSelection) -> bool {
    set.items.iter().any(|item| match item {
        SelectionItem::InlineFragment(fragment) => selects(&fragment.selections, path, wanted),
        SelectionItem::FragmentSpread(_) => true,
        SelectionItem::Field(field) => match path.split_first() {
            Some((key, rest)) => field.selection_identifier() == key && selects(&field.selections, rest, wanted),
            None => [wanted.name.as_str(), wanted.selection_identifier()].contains(&field.selection_identifier()),
        },
    })
}

struct Objects<'a> {
    service: &'a str,
    state: &'a SupergraphState,
}

impl Objects<'_> {
    /// Says whether the objects at the path are asked for, by a subgraph that can give the field.
    fn add(&self, set: &mut SelectionSet, parent: &str, path: &[String], wanted: &FieldSelection) -> bool {
        let Some((key, rest)) = path.split_first() else {
            let resolves = self.resolves(parent, &wanted.name);
            if resolves {
                set.items.push(SelectionItem::Field(wanted.clone()));
            }
            return resolves;
        };
        let mut added = false;
        for item in &mut set.items {
            added |= match item {
                SelectionItem::InlineFragment(fragment) => {
                    let condition = fragment.type_condition.clone();
                    self.add(&mut fragment.selections, &condition, path, wanted)
                }
                SelectionItem::Field(field) if field.name == "_entities" => {
                    self.add(&mut field.selections, "", path, wanted)
                }
                SelectionItem::Field(field) if field.selection_identifier() == key => {
                    let parent = if parent.is_empty() { self.state.query_type.as_str() } else { parent };
                    let of = field_type(parent, &field.name, self.state).unwrap_or_default();
                    self.add(&mut field.selections, of, rest, wanted)
                }
                SelectionItem::Field(_) | SelectionItem::FragmentSpread(_) => false,
            };
        }
        added
    }

    fn resolves(&self, parent: &str, name: &str) -> bool {
        let definition = self.state.definitions.get(parent);
        let Some(field) = definition.and_then(|definition| definition.fields().get(name)) else { return false };
        field.join_field.is_empty()
            || field.join_field.iter().any(|join| {
                let graph = join.graph_id.as_ref().and_then(|graph| self.state.resolve_graph_id(graph).ok());
                !join.external && graph.is_none_or(|graph| graph.0 == self.service)
            })
    }
}

//! What references are made of, and the planner has forgotten to ask for.
//!
//! It does so behind an `@interfaceObject`: where the type of the objects has to be found before fields of that type are
//! fetched, and where fetches for objects of several types become one, which needs of all of them what one of them had
//! needed. The references could not be made, and fields would be missing without an error.

use std::collections::BTreeSet;

use hive_router_query_planner::{
    ast::{
        selection_item::SelectionItem,
        selection_set::{FieldSelection, InlineFragmentSelection, SelectionSet},
    },
    planner::plan_nodes::FetchNode,
    state::supergraph_state::{SupergraphDefinition, SupergraphState},
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
        let mut required = Vec::new();
        leaves(requires, "", &mut required);
        let keys = keys(path);
        let mut missing: Vec<(FieldSelection, String)> = Vec::new();
        for (field, condition) in required {
            let objects = objects(condition, state).into_iter().filter(|object| reaches(path, object, state));
            missing.extend(
                objects
                    .filter(|object| !fetches[..position].iter().any(|it| brings(it, &keys, field, object, state)))
                    .map(|object| (field.clone(), object.to_owned())),
            );
        }
        for (field, object) in &missing {
            for (of, fetch) in &mut fetches[..position] {
                let service = fetch.service_name.clone();
                let Some(rest) = keys.strip_prefix(self::keys(of).as_slice()) else { continue };
                let wanted = Wanted { field, object, service: &service, state };
                if !rest.is_empty() && wanted.add(&mut fetch.operation.document.operation.selection_set, "", rest) {
                    break;
                }
            }
        }
    }
}

pub(super) fn keys(path: &[DraftPath]) -> Vec<String> {
    let keys = path.iter().filter_map(|part| match part {
        DraftPath::Key(key) => Some(key.to_string()),
        DraftPath::Items | DraftPath::Types(_) => None,
    });
    keys.collect()
}

/// The leaves with the types that they are required of: no key of another kind was seen to be forgotten.
fn leaves<'a>(set: &'a SelectionSet, condition: &'a str, fields: &mut Vec<(&'a FieldSelection, &'a str)>) {
    for item in &set.items {
        match item {
            SelectionItem::InlineFragment(fragment) => leaves(&fragment.selections, &fragment.type_condition, fields),
            SelectionItem::Field(field) if field.selections.is_empty() && field.name != "__typename" => {
                fields.push((field, condition));
            }
            SelectionItem::Field(_) | SelectionItem::FragmentSpread(_) => {}
        }
    }
}

/// The types of the objects that have a type.
pub(super) fn objects<'a>(condition: &'a str, state: &'a SupergraphState) -> BTreeSet<&'a str> {
    match state.definitions.get(condition) {
        Some(SupergraphDefinition::Union(union)) => union.types.iter().map(String::as_str).collect(),
        Some(SupergraphDefinition::Interface(_)) => {
            state.interface_members(condition).into_iter().flatten().map(String::as_str).collect()
        }
        _ => BTreeSet::from([condition]),
    }
}

/// Whether objects of the type are among those that the path ends at.
fn reaches(path: &[DraftPath], object: &str, state: &SupergraphState) -> bool {
    match path.last() {
        Some(DraftPath::Types(types)) => types.iter().any(|of| objects(of, state).contains(object)),
        _ => true,
    }
}

/// Whether the fetch asks for the field of objects of the type at the path. Named fragments are taken to bring
/// everything.
fn brings((of, fetch): &Fetch, path: &[String], field: &FieldSelection, object: &str, state: &SupergraphState) -> bool {
    let set = &fetch.operation.document.operation.selection_set;
    let Some(rest) = path.strip_prefix(keys(of).as_slice()) else { return false };
    let wanted = Wanted { field, object, service: &fetch.service_name, state };
    match set.items.as_slice() {
        _ if rest.is_empty() && !reaches(of, object, state) => false,
        [SelectionItem::Field(entities)] if fetch.requires.is_some() => wanted.is_in(&entities.selections, rest),
        _ => wanted.is_in(set, rest),
    }
}

/// A field of objects of one type.
struct Wanted<'a> {
    field: &'a FieldSelection,
    object: &'a str,
    service: &'a str,
    state: &'a SupergraphState,
}

impl Wanted<'_> {
    fn is_in(&self, set: &SelectionSet, path: &[String]) -> bool {
        set.items.iter().any(|item| match item {
            SelectionItem::InlineFragment(fragment) => {
                (!path.is_empty() || objects(&fragment.type_condition, self.state).contains(self.object))
                    && self.is_in(&fragment.selections, path)
            }
            SelectionItem::FragmentSpread(_) => true,
            SelectionItem::Field(field) => match path.split_first() {
                Some((key, rest)) => field.selection_identifier() == key && self.is_in(&field.selections, rest),
                None => {
                    let own = [self.field.name.as_str(), self.field.selection_identifier()];
                    own.contains(&field.selection_identifier())
                }
            },
        })
    }

    /// Says whether objects of the type are asked for at the path, by a subgraph that can give the field.
    fn add(&self, set: &mut SelectionSet, parent: &str, path: &[String]) -> bool {
        let Some((key, rest)) = path.split_first() else {
            let selection = self.selection(parent);
            let adds = selection.is_some();
            set.items.extend(selection.filter(|selection| !set.items.contains(selection)));
            return adds;
        };
        let mut added = false;
        for item in &mut set.items {
            added |= match item {
                SelectionItem::InlineFragment(fragment) => {
                    self.add(&mut fragment.selections, &fragment.type_condition, path)
                }
                SelectionItem::Field(field) if field.name == "_entities" => self.add(&mut field.selections, "", path),
                SelectionItem::Field(field) if field.selection_identifier() == key => {
                    let parent = if parent.is_empty() { self.state.query_type.as_str() } else { parent };
                    let of = field_type(parent, &field.name, self.state).unwrap_or_default();
                    self.add(&mut field.selections, of, rest)
                }
                SelectionItem::Field(_) | SelectionItem::FragmentSpread(_) => false,
            };
        }
        added
    }

    /// `None` where an object of `parent` cannot be of the type, or the subgraph cannot give the field.
    fn selection(&self, parent: &str) -> Option<SelectionItem> {
        if !objects(parent, self.state).contains(self.object) {
            return None;
        }
        // To a subgraph with an `@interfaceObject` the object is of that type.
        let known_as = if self.is_known(self.object) { self.object } else { parent };
        let field = self.state.definitions.get(known_as)?.fields().get(&self.field.name)?;
        let resolves = field.join_field.is_empty()
            || field
                .join_field
                .iter()
                .any(|join| !join.external && join.graph_id.as_deref().is_some_and(|graph| self.is_of_service(graph)));
        let field = SelectionItem::Field(self.field.clone());
        resolves.then(|| match known_as == parent {
            true => field,
            false => SelectionItem::InlineFragment(InlineFragmentSelection {
                type_condition: known_as.to_owned(),
                selections: SelectionSet { items: vec![field] },
                skip_if: None,
                include_if: None,
            }),
        })
    }

    fn is_known(&self, name: &str) -> bool {
        let definition = self.state.definitions.get(name);
        definition.is_some_and(|it| it.join_types().iter().any(|join| self.is_of_service(&join.graph_id)))
    }

    fn is_of_service(&self, graph: &str) -> bool {
        self.state.resolve_graph_id(graph).is_ok_and(|name| name.0 == self.service)
    }
}

//! Look-ups of objects that a subgraph knows as an `@interfaceObject`: whatever their types, they are of one to it.

use std::collections::BTreeSet;

use hive_router_query_planner::{
    ast::{
        selection_item::SelectionItem,
        selection_set::{FieldSelection, InlineFragmentSelection, SelectionSet},
    },
    planner::plan_nodes::FetchNode,
    state::supergraph_state::SupergraphState,
};

use super::{field_set, translate::REPRESENTATIONS};
use crate::operation::TYPENAME;

pub(super) struct Lookup<'a> {
    fetch: &'a FetchNode,
    /// The type as which the subgraph knows the objects.
    interface: &'a str,
    state: &'a SupergraphState,
}

impl<'a> Lookup<'a> {
    /// `None` for a fetch that is no such look-up.
    pub(super) fn new(fetch: &'a FetchNode, state: &'a SupergraphState) -> Option<Self> {
        let interface = entities(fetch)?.items.iter().find_map(|item| match item {
            SelectionItem::InlineFragment(fragment) => {
                let of = &fragment.type_condition;
                (!knows_types(of, &fetch.service_name, state)).then_some(of)
            }
            SelectionItem::Field(_) | SelectionItem::FragmentSpread(_) => None,
        })?;
        Some(Self { fetch, interface, state })
    }

    /// The same of some fields only, by their keys. To the subgraph the objects of all types are of one.
    pub(super) fn of(&self, keys: &BTreeSet<String>) -> FetchNode {
        let mut fetch = self.fetch.clone();
        let operation = &mut fetch.operation.document.operation;
        if let [SelectionItem::Field(entities)] = operation.selection_set.items.as_mut_slice() {
            retain(&mut entities.selections, keys);
        }
        let used = operation.selection_set.variable_usages();
        if let Some(definitions) = &mut operation.variable_definitions {
            definitions.retain(|definition| definition.name == REPRESENTATIONS || used.contains(&definition.name));
        }
        fetch.variable_usages = Some(used);
        fetch.requires = Some(SelectionSet { items: vec![fragment(self.interface, self.reference(keys))] });
        fetch
    }

    /// Whether the subgraph cannot say anything new: it has no types, and objects are found here by their keys.
    pub(super) fn is_known(&self, key: &str) -> bool {
        let requires = self.fetch.requires.as_ref();
        key == TYPENAME || (has(&self.key(), key) && requires.is_some_and(|requires| has(requires, key)))
    }

    /// What the subgraph needs for the fields of these keys.
    fn reference(&self, keys: &BTreeSet<String>) -> SelectionSet {
        let all = entities(self.fetch).map(fields).unwrap_or_default();
        let inputs = self.inputs(all.into_iter().filter(|field| keys.contains(field.selection_identifier())));
        let mut reference = SelectionSet::default();
        self.fetch.requires.iter().for_each(|requires| collect(requires, &mut reference));
        collect(&inputs, &mut reference);
        reference.items.retain(|item| match item {
            SelectionItem::Field(field) => {
                let key = field.selection_identifier();
                key == TYPENAME || has(&self.key(), key) || has(&inputs, key)
            }
            SelectionItem::InlineFragment(_) | SelectionItem::FragmentSpread(_) => true,
        });
        reference
    }

    /// What the fields require.
    fn inputs<'f>(&self, fields: impl Iterator<Item = &'f FieldSelection>) -> SelectionSet {
        let Some(definition) = self.state.definitions.get(self.interface) else { return SelectionSet::default() };
        let joins = fields.filter_map(|field| definition.fields().get(&field.name)).flat_map(|it| &it.join_field);
        let here = joins.filter(|join| join.graph_id.as_ref().is_some_and(|graph| self.is_of_service(graph)));
        SelectionSet { items: here.filter_map(|join| join.requires.as_deref()).flat_map(field_set::items).collect() }
    }

    /// What objects are found by.
    fn key(&self) -> SelectionSet {
        let joins = self.state.definitions.get(self.interface).map(|definition| definition.join_types().iter());
        let here = joins.into_iter().flatten().filter(|join| self.is_of_service(&join.graph_id));
        SelectionSet { items: here.filter_map(|join| join.key.as_deref()).flat_map(field_set::items).collect() }
    }

    fn is_of_service(&self, graph: &str) -> bool {
        self.state.resolve_graph_id(graph).is_ok_and(|name| name.0 == self.fetch.service_name)
    }
}

/// Joins what is required of the objects of all types.
fn collect(set: &SelectionSet, reference: &mut SelectionSet) {
    for item in &set.items {
        match item {
            SelectionItem::InlineFragment(inner) => collect(&inner.selections, reference),
            SelectionItem::Field(field) if !has(reference, field.selection_identifier()) => {
                reference.items.push(item.clone());
            }
            SelectionItem::Field(_) | SelectionItem::FragmentSpread(_) => {}
        }
    }
}

fn has(set: &SelectionSet, key: &str) -> bool {
    fields(set).iter().any(|field| field.selection_identifier() == key)
}

fn fragment(condition: &str, selections: SelectionSet) -> SelectionItem {
    SelectionItem::InlineFragment(InlineFragmentSelection {
        type_condition: condition.to_owned(),
        selections,
        skip_if: None,
        include_if: None,
    })
}

fn retain(set: &mut SelectionSet, keys: &BTreeSet<String>) {
    set.items.retain_mut(|item| match item {
        SelectionItem::Field(field) => keys.contains(field.selection_identifier()),
        SelectionItem::InlineFragment(fragment) => {
            retain(&mut fragment.selections, keys);
            !fragment.selections.is_empty()
        }
        SelectionItem::FragmentSpread(_) => true,
    });
}

/// What is selected of references.
pub(super) fn entities(fetch: &FetchNode) -> Option<&SelectionSet> {
    match fetch.operation.document.operation.selection_set.items.as_slice() {
        [SelectionItem::Field(entities)] if fetch.requires.is_some() => Some(&entities.selections),
        _ => None,
    }
}

pub(super) fn fields(set: &SelectionSet) -> Vec<&FieldSelection> {
    let fields = set.items.iter().flat_map(|item| match item {
        SelectionItem::Field(field) => vec![field],
        SelectionItem::InlineFragment(fragment) => fields(&fragment.selections),
        SelectionItem::FragmentSpread(_) => Vec::new(),
    });
    fields.collect()
}

/// Whether objects are not of an `@interfaceObject` to a subgraph.
pub(super) fn knows_types(of: &str, service: &str, state: &SupergraphState) -> bool {
    let joins = state.definitions.get(of).map(|definition| definition.join_types().iter());
    !joins.into_iter().flatten().any(|join| {
        join.is_interface_object && state.resolve_graph_id(&join.graph_id).is_ok_and(|name| name.0 == service)
    })
}

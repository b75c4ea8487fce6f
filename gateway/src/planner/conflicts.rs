//! Response keys under which fields of different types would meet in one request, which its subgraph would refuse.
//!
//! The client's own fields have keys of their own where that could happen. But the planner replaces a field of an
//! interface by the fields of its objects, which can be declared with other types.

use std::collections::HashMap;

use hive_router_query_planner::{
    ast::{
        document::Document,
        fragment::FragmentDefinition,
        selection_item::SelectionItem,
        selection_set::{FieldSelection, InlineFragmentSelection, SelectionSet},
    },
    state::supergraph_state::{SupergraphState, TypeNode},
};

use super::typename::field_type;
use crate::{operation::Name, plan::draft::RenamedKey};

/// Selection sets of one object, each with the type it is selected on; `None` for that of references.
type Typed<'a> = (&'a SelectionSet, Option<&'a str>);

/// New keys by the path of the object, the declaring type and the old key. All paths are those of the new keys.
type Separated = HashMap<(Vec<String>, String, String), String>;

/// Gives the second field of each conflict, and every further one, another key.
pub(super) fn separate(
    document: &mut Document,
    service: &str,
    references: bool,
    state: &SupergraphState,
) -> Vec<RenamedKey> {
    let mut search = Search { document, service, state, separated: Separated::new() };
    let set = &document.operation.selection_set;
    let root = state.expect_root_type_name(document.operation.operation_kind.as_ref());
    match (references, set.items.as_slice()) {
        (true, [SelectionItem::Field(entities)]) => search.visit(&[(&entities.selections, None)], &[]),
        _ => search.visit(&[(set, Some(root))], &[]),
    }
    let separated = search.separated;
    let mut renamed = Vec::new();
    if !separated.is_empty() {
        let fragments = std::mem::take(&mut document.fragments);
        let set = &mut document.operation.selection_set;
        spread(set, &fragments);
        let mut change = Change { separated: &separated, state, renamed: &mut renamed };
        match (references, set.items.as_mut_slice()) {
            (true, [SelectionItem::Field(entities)]) => change.apply(&mut entities.selections, "", &[]),
            _ => change.apply(set, root, &[]),
        }
    }
    renamed
}

struct Search<'a> {
    document: &'a Document,
    service: &'a str,
    state: &'a SupergraphState,
    separated: Separated,
}

impl<'a> Search<'a> {
    fn visit(&mut self, sets: &[Typed<'a>], path: &[String]) {
        let mut by_key: Vec<(&'a str, Vec<(&'a str, &'a FieldSelection)>)> = Vec::new();
        for (set, parent) in sets {
            self.collect(set, parent.unwrap_or_default(), &mut by_key);
        }
        for (key, fields) in by_key {
            let mut classes: Vec<(String, Vec<(&str, &FieldSelection)>)> = Vec::new();
            for (parent, field) in fields {
                let shape = self.shape(parent, field);
                match classes.iter_mut().find(|(known, _)| *known == shape) {
                    Some((_, members)) => members.push((parent, field)),
                    None => classes.push((shape, vec![(parent, field)])),
                }
            }
            for (position, (_, members)) in classes.into_iter().enumerate() {
                let key = if position == 0 { key.to_owned() } else { self.separate(path, key, &members) };
                let inner: Vec<Typed<'_>> = members
                    .iter()
                    .filter(|(_, field)| !field.selections.is_empty())
                    .map(|(parent, field)| (&field.selections, field_type(parent, &field.name, self.state)))
                    .collect();
                if !inner.is_empty() {
                    self.visit(&inner, &[path, &[key]].concat());
                }
            }
        }
    }

    fn separate(&mut self, path: &[String], key: &str, members: &[(&str, &FieldSelection)]) -> String {
        let text = self.document.to_string();
        let mut number = self.separated.len();
        while text.contains(&format!("_p{number}_")) {
            number += 1;
        }
        let new = format!("_p{number}_{key}");
        for (parent, _) in members {
            self.separated.insert((path.to_vec(), (*parent).to_owned(), key.to_owned()), new.clone());
        }
        new
    }

    fn collect(
        &self,
        set: &'a SelectionSet,
        parent: &'a str,
        by_key: &mut Vec<(&'a str, Vec<(&'a str, &'a FieldSelection)>)>,
    ) {
        for item in &set.items {
            match item {
                SelectionItem::Field(field) => {
                    let key = field.selection_identifier();
                    match by_key.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, fields)) => fields.push((parent, field)),
                        None => by_key.push((key, vec![(parent, field)])),
                    }
                }
                SelectionItem::InlineFragment(fragment) => {
                    self.collect(&fragment.selections, &fragment.type_condition, by_key);
                }
                SelectionItem::FragmentSpread(name) => {
                    if let Some(fragment) = self.document.fragments.iter().find(|fragment| fragment.name == *name) {
                        self.collect(&fragment.selection_set, &fragment.type_condition, by_key);
                    }
                }
            }
        }
    }

    /// The type that this subgraph declares. Of composite types only the wrappers matter.
    fn shape(&self, parent: &str, field: &FieldSelection) -> String {
        let declared = self.declared(parent, &field.name).map(ToString::to_string).unwrap_or_default();
        match field.selections.is_empty() {
            true => declared,
            false => declared.replace(|letter: char| letter.is_alphanumeric() || letter == '_', ""),
        }
    }

    fn declared(&self, parent: &str, name: &str) -> Option<&TypeNode> {
        let field = self.state.definitions.get(parent)?.fields().get(name)?;
        let here = field.join_field.iter().find(|join| {
            let graph = join.graph_id.as_ref().and_then(|graph| self.state.resolve_graph_id(graph).ok());
            graph.is_some_and(|graph| graph.0 == self.service)
        });
        Some(here.and_then(|join| join.type_in_graph.as_ref()).unwrap_or(&field.field_type))
    }
}

/// A fragment can be spread at several paths, so each place gets the content.
pub(super) fn spread(set: &mut SelectionSet, fragments: &[FragmentDefinition]) {
    for item in &mut set.items {
        if let SelectionItem::FragmentSpread(name) = item
            && let Some(fragment) = fragments.iter().find(|fragment| fragment.name == *name)
        {
            *item = SelectionItem::InlineFragment(InlineFragmentSelection {
                type_condition: fragment.type_condition.clone(),
                selections: fragment.selection_set.clone(),
                skip_if: None,
                include_if: None,
            });
        }
        match item {
            SelectionItem::Field(field) => spread(&mut field.selections, fragments),
            SelectionItem::InlineFragment(fragment) => spread(&mut fragment.selections, fragments),
            SelectionItem::FragmentSpread(_) => {}
        }
    }
}

struct Change<'a> {
    separated: &'a Separated,
    state: &'a SupergraphState,
    renamed: &'a mut Vec<RenamedKey>,
}

impl Change<'_> {
    fn apply(&mut self, set: &mut SelectionSet, parent: &str, path: &[String]) {
        for item in &mut set.items {
            match item {
                SelectionItem::InlineFragment(fragment) => {
                    self.apply(&mut fragment.selections, &fragment.type_condition, path);
                }
                SelectionItem::Field(field) => {
                    let key = field.selection_identifier().to_owned();
                    let new = self.separated.get(&(path.to_vec(), parent.to_owned(), key.clone()));
                    let path = [path, &[new.unwrap_or(&key).clone()]].concat();
                    if let Some(new) = new {
                        field.alias = Some(new.clone());
                        let path = path.iter().map(|key| Name::from(key.as_str())).collect();
                        self.renamed.push(RenamedKey { path, to: Name::from(key) });
                    }
                    let of = field_type(parent, &field.name, self.state).unwrap_or_default();
                    self.apply(&mut field.selections, of, &path);
                }
                SelectionItem::FragmentSpread(_) => {}
            }
        }
    }
}

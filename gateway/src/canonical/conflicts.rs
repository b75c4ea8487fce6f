//! Response keys under which fields of different types would meet in one subgraph request.

use std::collections::{BTreeSet, HashMap, HashSet};

use graphql_tools::static_graphql::query::Value;

use crate::{
    operation::{Field, Name, Selection, SelectionSet, TYPENAME},
    supergraph::Supergraph,
};

/// Response key and parent type of every field that needs a key of its own.
pub(super) fn conflicts(set: &SelectionSet, supergraph: &Supergraph) -> HashSet<(Name, Name)> {
    let mut search = Search { supergraph, found: HashSet::new() };
    search.visit(&[set]);
    search.found
}

struct Search<'a> {
    supergraph: &'a Supergraph,
    found: HashSet<(Name, Name)>,
}

impl<'a> Search<'a> {
    /// The sets are those of one response object, whatever its type turns out to be.
    fn visit(&mut self, sets: &[&'a SelectionSet]) {
        let mut by_key: HashMap<&Name, Vec<&'a Field>> = HashMap::new();
        for set in sets {
            collect(set, &mut by_key);
        }
        for (key, fields) in by_key {
            if self.conflict(&fields) {
                for field in &fields {
                    self.found.insert((key.clone(), field.parent.clone()));
                }
            }
            let inner: Vec<_> = fields.iter().filter_map(|field| field.set.as_deref()).collect();
            if !inner.is_empty() {
                self.visit(&inner);
            }
        }
    }

    fn conflict(&self, fields: &[&Field]) -> bool {
        let parents: BTreeSet<&Name> = fields.iter().map(|field| &field.parent).collect();
        if parents.len() < 2 || &*fields[0].name == TYPENAME {
            return false;
        }
        // Two composite fields can belong to one object if a parent is abstract; then they have to share a key.
        let api = &self.supergraph.api;
        if fields[0].set.is_some() && parents.iter().any(|parent| !api.is_object(parent)) {
            return false;
        }
        fields.iter().any(|field| self.differ(fields[0], field))
    }

    fn differ(&self, left: &Field, right: &Field) -> bool {
        left.name != right.name
            || !same_arguments(&left.arguments, &right.arguments)
            || self.shapes(left) != self.shapes(right)
    }

    /// What subgraphs may say about the field's type. Of composite types only the wrappers matter.
    fn shapes(&self, field: &Field) -> BTreeSet<String> {
        let types = self.supergraph.types_of(&field.parent, &field.name);
        types
            .into_iter()
            .flatten()
            .map(|name| match field.set {
                Some(_) => name.replace(|letter: char| letter.is_alphanumeric() || letter == '_', ""),
                None => name.clone(),
            })
            .collect()
    }
}

fn collect<'a>(set: &'a SelectionSet, by_key: &mut HashMap<&'a Name, Vec<&'a Field>>) {
    for selection in &set.selections {
        match selection {
            Selection::Field(field) => by_key.entry(&field.response_key).or_default().push(field),
            Selection::Fragment(inner) => collect(inner, by_key),
        }
    }
}

/// The order of arguments means nothing (section 2.6).
fn same_arguments(left: &[(String, Value)], right: &[(String, Value)]) -> bool {
    left.len() == right.len() && left.iter().all(|argument| right.contains(argument))
}

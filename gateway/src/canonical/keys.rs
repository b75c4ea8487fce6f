use std::collections::{HashMap, HashSet};

use super::conflicts::conflicts;
use crate::{
    operation::{Field, Name, Operation, Selection, SelectionSet},
    supergraph::Supergraph,
};

/// Under which key a field is fetched, and which response key a fetched key stands for.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// By response key and, where fields of several types conflict, by parent type.
    fetched: HashMap<(Name, Option<Name>), Name>,
    /// Every key that the client asked for, by the key of its data.
    original: HashMap<Name, Name>,
    conflicting: HashSet<(Name, Name)>,
}

impl Keys {
    pub(crate) fn new(operation: &Operation, supergraph: &Supergraph) -> Self {
        let mut keys = Self { conflicting: conflicts(&operation.set, supergraph), ..Self::default() };
        keys.collect(&operation.set, supergraph, &mut HashSet::new());
        keys
    }

    pub(crate) fn of<'a>(&'a self, field: &'a Field) -> &'a Name {
        self.fetched.get(&self.identity(field)).unwrap_or(&field.name)
    }

    /// The client's response key for a key of a subgraph response; `None` for what only the plan asked for.
    pub(crate) fn original(&self, fetched: &str) -> Option<&Name> {
        self.original.get(fetched)
    }

    fn identity(&self, field: &Field) -> (Name, Option<Name>) {
        let of_type = (field.response_key.clone(), field.parent.clone());
        if self.conflicting.contains(&of_type) { (of_type.0, Some(of_type.1)) } else { (of_type.0, None) }
    }

    /// The sets of fragments are shared, and a second visit would change nothing.
    fn collect(&mut self, set: &SelectionSet, supergraph: &Supergraph, seen: &mut HashSet<*const SelectionSet>) {
        if !seen.insert(std::ptr::from_ref(set)) {
            return;
        }
        for selection in &set.selections {
            match selection {
                Selection::Fragment(inner) => self.collect(inner, supergraph, seen),
                Selection::Field(field) => {
                    self.name(field, supergraph);
                    if let Some(inner) = &field.set {
                        self.collect(inner, supergraph, seen);
                    }
                }
            }
        }
    }

    /// What `@requires` asks for with arguments keeps its name for that: the planner, who would have to find another key
    /// for one of the two, does so in the request and forgets it in the reference.
    fn name(&mut self, field: &Field, supergraph: &Supergraph) {
        let identity = self.identity(field);
        let is_taken = identity.1.is_some() || supergraph.is_required_with_arguments(&field.name);
        let fetched = if !is_taken && field.response_key == field.name {
            field.name.clone()
        } else {
            let next = Name::from(format!("{}{}", supergraph.key_prefix(), self.fetched.len()));
            self.fetched.entry(identity).or_insert(next).clone()
        };
        self.original.insert(fetched, field.response_key.clone());
    }
}

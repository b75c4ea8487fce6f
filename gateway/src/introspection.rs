//! `__schema` and `__type`, answered from the API schema as data like any other: projection shapes it.

mod describe;

use std::rc::Rc;

use graphql_tools::static_graphql::{query::Value, schema::Type};

use crate::{
    canonical::Keys,
    operation::{Field, Name, Operation, Selection, SelectionSet},
    schema::Schema,
    tree::{Node, Object},
    variables::{Variables, to_json},
};
use describe::Described;

pub(crate) struct Introspection<'a> {
    pub(crate) api: &'a Schema,
    pub(crate) keys: &'a Keys,
    pub(crate) variables: &'a Variables,
}

impl Introspection<'_> {
    /// Adds what the root fields `__schema` and `__type` of a query ask for.
    pub(crate) fn answer(&self, operation: &Operation, data: &mut Object) {
        for (field, sets) in grouped(&[&operation.set]) {
            if field.is_introspection() {
                data.insert(self.keys.of(field).clone(), self.root(field, &sets));
            }
        }
    }

    fn root(&self, field: &Field, sets: &[&SelectionSet]) -> Node {
        if &*field.name == "__schema" {
            return self.node(Described::Schema, sets);
        }
        match self.argument(field, "name") {
            Some(serde_json::Value::String(name)) if self.api.get(&name).is_some() => {
                self.node(Described::Type(Rc::new(Type::NamedType(name))), sets)
            }
            _ => Node::Null,
        }
    }

    fn node(&self, described: Described<'_>, sets: &[&SelectionSet]) -> Node {
        let mut object = Object::default();
        for (field, sets) in grouped(sets) {
            let value = described.get(field, self);
            object.insert(self.keys.of(field).clone(), self.value(value, &sets));
        }
        Node::Object(object)
    }

    fn value(&self, value: Answer<'_>, sets: &[&SelectionSet]) -> Node {
        match value {
            Answer::Null => Node::Null,
            Answer::Json(value) => Node::Leaf(value.to_string().into()),
            Answer::One(described) => self.node(described, sets),
            Answer::Many(all) => Node::List(all.into_iter().map(|one| self.node(one, sets)).collect()),
        }
    }

    fn argument(&self, field: &Field, name: &str) -> Option<serde_json::Value> {
        let (_, value): &(String, Value) = field.arguments.iter().find(|(key, _)| key == name)?;
        to_json(value, self.variables)
    }

    /// The argument `includeDeprecated`, which is false by default.
    fn includes_deprecated(&self, field: &Field) -> bool {
        self.argument(field, "includeDeprecated") == Some(serde_json::Value::Bool(true))
    }
}

/// The value of one introspection field.
enum Answer<'a> {
    Null,
    Json(serde_json::Value),
    One(Described<'a>),
    Many(Vec<Described<'a>>),
}

/// Introspection types are objects all, so every fragment applies.
fn grouped<'a>(sets: &[&'a SelectionSet]) -> Vec<(&'a Field, Vec<&'a SelectionSet>)> {
    let mut groups: Vec<(&Name, &Field, Vec<&SelectionSet>)> = Vec::new();
    let mut waiting: Vec<&SelectionSet> = sets.iter().rev().copied().collect();
    while let Some(set) = waiting.pop() {
        for selection in &set.selections {
            match selection {
                Selection::Fragment(inner) => waiting.push(inner),
                Selection::Field(field) => {
                    let key = &field.response_key;
                    match groups.iter_mut().find(|(known, ..)| *known == key) {
                        Some((.., sets)) => sets.extend(field.set.as_deref()),
                        None => groups.push((key, field, field.set.as_deref().into_iter().collect())),
                    }
                }
            }
        }
    }
    groups.into_iter().map(|(_, field, sets)| (field, sets)).collect()
}

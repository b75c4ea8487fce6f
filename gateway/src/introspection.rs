//! `__schema` and `__type`, answered from the API schema.

mod describe;

use std::{collections::HashMap, rc::Rc};

use graphql_tools::static_graphql::{query::Value, schema::Type};
use serde_json::{Map, Value as Json};

use crate::{
    operation::{Field, Name, Operation, OperationKind, Selection, SelectionSet, TYPENAME},
    schema::Schema,
    variables::{Variables, to_json},
};
use describe::Described;

pub(crate) struct Introspection<'a> {
    pub(crate) api: &'a Schema,
    pub(crate) variables: &'a Variables,
}

/// Of the root fields of introspection that an operation has the values as JSON, by response key.
#[derive(Default)]
pub(crate) struct Values(HashMap<Name, Vec<u8>>);

impl Values {
    pub(crate) fn get(&self, key: &Name) -> &[u8] {
        self.0.get(key).map_or(b"null", |json| json)
    }
}

impl Introspection<'_> {
    /// Answers what the root fields `__schema` and `__type` of a query ask for.
    pub(crate) fn answer(&self, operation: &Operation) -> Values {
        if operation.kind != OperationKind::Query {
            return Values::default();
        }
        let fields = grouped(&[&operation.set]).into_iter().filter(|(field, _)| field.is_introspection());
        let value = |(field, sets): (&Field, Vec<&SelectionSet>)| {
            (field.response_key.clone(), self.root(field, &sets).to_string().into_bytes())
        };
        Values(fields.map(value).collect())
    }

    fn root(&self, field: &Field, sets: &[&SelectionSet]) -> Json {
        if &*field.name == "__schema" {
            return self.object(&Described::Schema, sets);
        }
        match self.argument(field, "name") {
            Some(Json::String(name)) if self.api.get(&name).is_some() => {
                self.object(&Described::Type(Rc::new(Type::NamedType(name))), sets)
            }
            _ => Json::Null,
        }
    }

    fn object(&self, described: &Described<'_>, sets: &[&SelectionSet]) -> Json {
        let mut object = Map::new();
        for (field, sets) in grouped(sets) {
            let value = match &*field.name {
                TYPENAME => Json::from(described.typename()),
                _ => self.value(described.get(field, self), &sets),
            };
            object.insert(field.response_key.to_string(), value);
        }
        Json::Object(object)
    }

    fn value(&self, value: Answer<'_>, sets: &[&SelectionSet]) -> Json {
        match value {
            Answer::Null => Json::Null,
            Answer::Json(value) => value,
            Answer::One(described) => self.object(&described, sets),
            Answer::Many(all) => Json::Array(all.iter().map(|one| self.object(one, sets)).collect()),
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

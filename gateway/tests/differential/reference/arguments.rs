use async_graphql::{
    Name, Positioned,
    parser::types::{BaseType, InputValueDefinition, OperationDefinition, Type},
};
use async_graphql_value::Value as Literal;
use serde_json::{Map, Value};

use super::{Execution, Resolver};
use crate::schema::Schema;

impl<R: Resolver> Execution<'_, R> {
    /// `CoerceVariableValues` (section 6.1.2) of values that fit.
    pub(super) fn variables(&self, operation: &OperationDefinition, given: &Map<String, Value>) -> Map<String, Value> {
        let mut coerced = Map::new();
        for definition in operation.variable_definitions.iter().map(|definition| &definition.node) {
            let name = definition.name.node.as_str();
            let default = definition.default_value.as_ref().map(|value| value.node.clone());
            let value = given.get(name).cloned().or_else(|| default.and_then(|default| default.into_json().ok()));
            if let Some(value) = value {
                let value = coerce(self.schema, &definition.var_type.node, &value)
                    .unwrap_or_else(|problem| panic!("variable {name}: {problem}"));
                coerced.insert(name.to_owned(), value);
            }
        }
        coerced
    }

    /// `CoerceArgumentValues` (section 6.4.1).
    pub(super) fn arguments(
        &self,
        definitions: &[Positioned<InputValueDefinition>],
        given: &[(Positioned<Name>, Positioned<Literal>)],
    ) -> Result<Map<String, Value>, String> {
        let mut members = Map::new();
        for (name, literal) in given {
            if let Some(value) = self.json(&literal.node) {
                members.insert(name.node.to_string(), value);
            }
        }
        coerce_members(self.schema, definitions, &members)
    }

    /// `None` for a variable without a value: its member is left out, its item is null (section 3.10).
    fn json(&self, literal: &Literal) -> Option<Value> {
        Some(match literal {
            Literal::Variable(name) => self.variables.get(name.as_str())?.clone(),
            Literal::List(items) => items.iter().map(|item| self.json(item).unwrap_or_default()).collect(),
            Literal::Object(members) => members
                .iter()
                .filter_map(|(name, value)| Some((name.to_string(), self.json(value)?)))
                .collect::<Map<_, _>>()
                .into(),
            other => other.clone().into_json().expect("a literal without variables is JSON"),
        })
    }
}

/// Members in the order in which they are defined, with their defaults.
fn coerce_members(
    schema: &Schema,
    definitions: &[Positioned<InputValueDefinition>],
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    let mut coerced = Map::new();
    for definition in definitions.iter().map(|definition| &definition.node) {
        let name = definition.name.node.as_str();
        let default = definition.default_value.as_ref().map(|value| value.node.clone());
        match given.get(name).cloned().or_else(|| default.and_then(|default| default.into_json().ok())) {
            Some(value) => {
                coerced.insert(name.to_owned(), coerce(schema, &definition.ty.node, &value)?);
            }
            None if definition.ty.node.nullable => {}
            None => return Err(format!("{name} is missing")),
        }
    }
    Ok(coerced)
}

/// Input coercion (section 3). It changes nothing in what is coerced already.
fn coerce(schema: &Schema, of: &Type, value: &Value) -> Result<Value, String> {
    match (&of.base, value) {
        (_, Value::Null) if of.nullable => Ok(Value::Null),
        (_, Value::Null) => Err("null in a non-null position".to_owned()),
        (BaseType::List(inner), Value::Array(items)) => items.iter().map(|item| coerce(schema, inner, item)).collect(),
        (BaseType::List(inner), item) => Ok(Value::Array(vec![coerce(schema, inner, item)?])),
        (BaseType::Named(name), Value::Object(members)) if schema.inputs(name).is_some() => {
            let definitions = schema.inputs(name).unwrap_or_default();
            coerce_members(schema, definitions, members).map(Value::Object)
        }
        (BaseType::Named(name), value) => match (name.as_str(), value) {
            ("Float", number) if number.is_number() => Ok(number.as_f64().into()),
            ("ID", number) if number.is_number() => Ok(number.to_string().into()),
            _ => Ok(value.clone()),
        },
    }
}

//! Variable values: coerced as the specification says (section 6.1.2), before anything is planned.

mod coerce;
mod literal;

use graphql_tools::static_graphql::query::{OperationDefinition, Type, VariableDefinition};
use serde_json::{Map, Value};

use crate::{
    error::{GraphqlError, code},
    schema::Schema,
};

pub(crate) use literal::{print, to_json};

/// Values by variable name; a variable that was not given and has no default has no entry.
#[derive(Debug, Clone, Default)]
pub(crate) struct Variables(Map<String, Value>);

impl Variables {
    /// Every variable that does not fit gives one error of code `BAD_USER_INPUT`.
    pub(crate) fn coerce(
        schema: &Schema,
        operation: &OperationDefinition,
        given: &Map<String, Value>,
    ) -> Result<Self, Vec<GraphqlError>> {
        let mut values = Map::new();
        let mut errors = Vec::new();
        for definition in operation.variable_definitions() {
            match value_of(schema, definition, given) {
                Ok(Some(value)) => {
                    values.insert(definition.name.clone(), value);
                }
                Ok(None) => {}
                Err(message) => {
                    errors.push(GraphqlError::new(code::BAD_USER_INPUT, message).located(definition.position))
                }
            }
        }
        if errors.is_empty() { Ok(Self(values)) } else { Err(errors) }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.0.get(name) == Some(&Value::Bool(true))
    }

    /// The value as JSON; empty where there is none.
    pub(crate) fn json(&self, name: &str) -> String {
        self.0.get(name).map(Value::to_string).unwrap_or_default()
    }
}

fn value_of(
    schema: &Schema,
    definition: &VariableDefinition,
    given: &Map<String, Value>,
) -> Result<Option<Value>, String> {
    let name = &definition.name;
    let required = matches!(definition.var_type, Type::NonNullType(_));
    match (given.get(name), &definition.default_value) {
        (Some(value), _) => coerce::coerce(schema, &definition.var_type, value, name)
            .map(Some)
            .map_err(|problem| format!("Variable \"${name}\" got an invalid value: {problem}")),
        (None, Some(default)) => Ok(to_json(default, &Variables::default())),
        (None, None) if required => {
            Err(format!("Variable \"${name}\" of required type \"{}\" was not provided.", definition.var_type))
        }
        (None, None) => Ok(None),
    }
}

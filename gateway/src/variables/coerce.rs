use graphql_tools::static_graphql::{query::Type, schema::TypeDefinition};
use serde_json::{Map, Number, Value};

use crate::schema::{self, Schema, input_fields};

/// The coerced value, or what is wrong with it and where (`input.lines[2].quantity`).
pub(super) fn coerce(schema: &Schema, expected: &Type, value: &Value, at: &str) -> Result<Value, String> {
    match (expected, value) {
        (Type::NonNullType(_), Value::Null) => Err(format!("{at} must not be null.")),
        (Type::NonNullType(inner), value) => coerce(schema, inner, value, at),
        (_, Value::Null) => Ok(Value::Null),
        (Type::ListType(inner), Value::Array(items)) => items
            .iter()
            .enumerate()
            .map(|(index, item)| coerce(schema, inner, item, &format!("{at}[{index}]")))
            .collect::<Result<_, _>>()
            .map(Value::Array),
        // Section 3.11: a single value stands for a list of one.
        (Type::ListType(inner), value) => Ok(Value::Array(vec![coerce(schema, inner, value, at)?])),
        (Type::NamedType(name), value) => coerce_named(schema, name, value, at),
    }
}

fn coerce_named(schema: &Schema, name: &str, value: &Value, at: &str) -> Result<Value, String> {
    match (schema.get(name), value) {
        (Some(TypeDefinition::Scalar(_)), value) => {
            coerce_scalar(name, value).ok_or_else(|| format!("{at} cannot be read as {name}."))
        }
        (Some(definition @ TypeDefinition::Enum(_)), Value::String(text))
            if schema::enum_values(definition).iter().any(|known| known.name == *text) =>
        {
            Ok(value.clone())
        }
        (Some(TypeDefinition::Enum(_)), _) => Err(format!("{at} is not a value of the enum {name}.")),
        (Some(definition @ TypeDefinition::InputObject(_)), Value::Object(given)) => {
            coerce_object(schema, definition, given, at)
        }
        (Some(TypeDefinition::InputObject(_)), _) => Err(format!("{at} must be an object.")),
        _ => Err(format!("{at} has no input type.")),
    }
}

/// Custom scalars are opaque here: their subgraph judges them.
fn coerce_scalar(name: &str, value: &Value) -> Option<Value> {
    match (name, value) {
        ("Int", Value::Number(number)) => {
            integer(number).filter(|integer| i32::try_from(*integer).is_ok()).map(Value::from)
        }
        ("Float", Value::Number(_)) | ("String" | "ID", Value::String(_)) | ("Boolean", Value::Bool(_)) => {
            Some(value.clone())
        }
        ("ID", Value::Number(number)) => integer(number).map(|id| Value::String(id.to_string())),
        ("Int" | "Float" | "String" | "Boolean" | "ID", _) => None,
        _ => Some(value.clone()),
    }
}

/// JSON does not tell 1 from 1.0, so neither does coercion.
fn integer(number: &Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 9e15).map(|float| float as i64)
    })
}

fn coerce_object(
    schema: &Schema,
    definition: &TypeDefinition,
    given: &Map<String, Value>,
    at: &str,
) -> Result<Value, String> {
    let fields = input_fields(definition);
    let is_unknown = |key: &&String| !fields.iter().any(|field| field.name == **key);
    if let Some(unknown) = given.keys().find(is_unknown) {
        let name = schema::type_name(definition);
        return Err(format!("{at} has a field \"{unknown}\" that {name} does not define."));
    }
    if definition.is_one_of() && (given.len() != 1 || given.values().any(Value::is_null)) {
        return Err(format!("{at} must have exactly one field, and that not null."));
    }
    let mut coerced = Map::new();
    for field in fields {
        let required = matches!(field.value_type, Type::NonNullType(_));
        match given.get(&field.name) {
            Some(value) => {
                let value = coerce(schema, &field.value_type, value, &format!("{at}.{}", field.name))?;
                coerced.insert(field.name.clone(), value);
            }
            None if required && field.default_value.is_none() => {
                return Err(format!("{at}.{} is required.", field.name));
            }
            // A default is left to the subgraph, which declares it.
            None => {}
        }
    }
    Ok(Value::Object(coerced))
}

use std::fmt::Write;

use graphql_tools::static_graphql::query::Value;

use super::Variables;

/// The JSON of a literal. A variable without a value leaves out its member, and is null in a list (section 3.10).
pub(crate) fn to_json(literal: &Value, variables: &Variables) -> Option<serde_json::Value> {
    Some(match literal {
        Value::Variable(name) => variables.get(name)?.clone(),
        Value::Int(number) => number.as_i64().into(),
        Value::Float(number) => (*number).into(),
        Value::String(text) | Value::Enum(text) => text.as_str().into(),
        Value::Boolean(truth) => (*truth).into(),
        Value::Null => serde_json::Value::Null,
        Value::List(items) => items.iter().map(|item| to_json(item, variables).unwrap_or_default()).collect(),
        Value::Object(members) => members
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), to_json(value, variables)?)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    })
}

/// GraphQL text on one line; the parser's own printer breaks objects and long strings over several.
pub(crate) fn print(literal: &Value, out: &mut String) {
    match literal {
        Value::Variable(name) => push(out, format_args!("${name}")),
        Value::Int(number) => push(out, number.as_i64().unwrap_or_default()),
        Value::Float(number) => push(out, serde_json::Value::from(*number)),
        Value::String(text) => push(out, serde_json::Value::from(text.as_str())),
        Value::Boolean(truth) => push(out, truth),
        Value::Null => out.push_str("null"),
        Value::Enum(name) => out.push_str(name),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(index, out);
                print(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (index, (name, value)) in members.iter().enumerate() {
                separate(index, out);
                push(out, format_args!("{name}: "));
                print(value, out);
            }
            out.push('}');
        }
    }
}

fn separate(index: usize, out: &mut String) {
    if index > 0 {
        out.push_str(", ");
    }
}

fn push(out: &mut String, text: impl std::fmt::Display) {
    // Writing into a String cannot fail.
    let _ = write!(out, "{text}");
}

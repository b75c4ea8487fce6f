//! How many items a field brings, by the conventions of Relay's connections: types are not known here.

use graphql_tools::parser::query::{Field, Value};

use crate::Limits;

/// The items of the page that this field is, or `None` where it is no page.
pub(crate) fn size<'a>(
    field: &Field<'a, &'a str>,
    has_items: bool,
    variable: &dyn Fn(&str) -> Option<usize>,
) -> Option<usize> {
    let sizes = field.arguments.iter().filter(|(name, _)| matches!(*name, "first" | "last"));
    match sizes.map(|(_, value)| asked(value, variable)).max() {
        None => has_items.then_some(Limits::DEFAULT_PAGE),
        Some(asked) => Some(asked),
    }
}

/// Whether the field holds the items of the connection that it is selected on.
pub(crate) fn is_items<'a>(field: &Field<'a, &'a str>) -> bool {
    matches!(field.name, "nodes" | "edges")
}

fn asked<'a>(value: &Value<'a, &'a str>, variable: &dyn Fn(&str) -> Option<usize>) -> usize {
    match value {
        // What is negative is no page, and refused by whoever knows the types.
        Value::Int(number) => number.as_i64().and_then(|number| usize::try_from(number).ok()).unwrap_or(0),
        Value::Variable(name) => variable(name).unwrap_or(Limits::WHOLE_PAGE),
        _ => Limits::DEFAULT_PAGE,
    }
}

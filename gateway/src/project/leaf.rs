//! Result coercion of leaves (specification, section 3.5): JSON text in, JSON text out.

use std::collections::HashSet;

use graphql_tools::static_graphql::schema::TypeDefinition;

use crate::{
    json::Scanner,
    schema::enum_values,
    tree::{Node, Text, Tree},
};

/// What the JSON of a leaf may be.
pub(super) enum Leaf {
    String,
    Boolean,
    Float,
    Int,
    Id,
    /// A value's name in quotes.
    Enum(HashSet<Box<[u8]>>),
    /// Custom scalars allow all JSON.
    Any,
    /// Of a type that the schema does not have.
    Nothing,
}

impl Leaf {
    pub(super) fn of(definition: Option<&TypeDefinition>) -> Self {
        match definition {
            Some(TypeDefinition::Scalar(scalar)) => match scalar.name.as_str() {
                "String" => Self::String,
                "Boolean" => Self::Boolean,
                "Float" => Self::Float,
                "Int" => Self::Int,
                "ID" => Self::Id,
                _ => Self::Any,
            },
            Some(definition @ TypeDefinition::Enum(_)) => Self::Enum(
                enum_values(definition).iter().map(|value| format!("\"{}\"", value.name).into_bytes().into()).collect(),
            ),
            _ => Self::Nothing,
        }
    }

    /// Says whether the type allows the value.
    pub(super) fn write(&self, json: &[u8], out: &mut Vec<u8>) -> bool {
        let first = json.first().copied().unwrap_or_default();
        let is_number = first == b'-' || first.is_ascii_digit();
        let allowed = match self {
            Self::String => first == b'"',
            Self::Boolean => matches!(first, b't' | b'f'),
            Self::Float => is_number,
            Self::Int => is_number && is_int(json),
            Self::Id => {
                // A number is an ID too, and is served as the string that an ID is.
                if is_number {
                    out.push(b'"');
                    out.extend_from_slice(json);
                    out.push(b'"');
                    return true;
                }
                first == b'"'
            }
            Self::Enum(values) => values.contains(json),
            Self::Any => true,
            Self::Nothing => false,
        };
        if allowed {
            out.extend_from_slice(json);
        }
        allowed
    }
}

/// Section 3.5.1: a value outside of 32 bits is an error.
fn is_int(json: &[u8]) -> bool {
    (json.len() <= 9 && json.iter().all(u8::is_ascii_digit))
        || std::str::from_utf8(json).is_ok_and(|text| {
            text.parse::<i32>().is_ok()
                || text.parse::<f64>().is_ok_and(|float| float.fract() == 0.0 && float.abs() <= f64::from(i32::MAX))
        })
}

/// The items of a list of leaves, which is kept as one text until it is written.
pub(super) fn items(tree: &Tree, text: Text) -> Option<Vec<Node>> {
    let mut scanner = Scanner::at(tree.text(text), 0);
    let position = |at: usize| u32::try_from(at).map_or(u32::MAX, |at| text.start.saturating_add(at));
    let mut items = Vec::new();
    let mut more = scanner.enter(b'[', b']')?;
    while more {
        scanner.space();
        let start = position(scanner.at);
        items.push(match scanner.value()? {
            b"null" => Node::Null,
            _ => Node::Leaf(Text { body: text.body, start, end: position(scanner.at) }),
        });
        more = scanner.next(b']')?;
    }
    Some(items)
}

//! Result coercion of leaves (specification, section 3.5): JSON text in, JSON text out.

use bytes::Bytes;
use graphql_tools::static_graphql::schema::TypeDefinition;
use serde_json::value::RawValue;

use crate::{schema::enum_values, tree::Node};

/// `None` for what the type does not allow. Custom scalars allow all JSON.
pub(super) fn complete(json: &Bytes, of: Option<&TypeDefinition>) -> Option<Bytes> {
    match of? {
        TypeDefinition::Scalar(scalar) => complete_scalar(&scalar.name, json),
        definition @ TypeDefinition::Enum(_) => {
            let node = Node::Leaf(json.clone());
            let name = node.string()?;
            enum_values(definition).iter().any(|value| value.name == name).then(|| json.clone())
        }
        _ => None,
    }
}

fn complete_scalar(name: &str, json: &Bytes) -> Option<Bytes> {
    let first = *json.first()?;
    let is_number = first == b'-' || first.is_ascii_digit();
    let allowed = match name {
        "String" => first == b'"',
        "Boolean" => matches!(first, b't' | b'f'),
        "Float" => is_number,
        "Int" => is_number && is_int(json),
        // A number is an ID too, and is served as the string that an ID is.
        "ID" if is_number => return Some([b"\"", &json[..], b"\""].concat().into()),
        "ID" => first == b'"',
        _ => true,
    };
    allowed.then(|| json.clone())
}

/// Section 3.5.1: a value outside of 32 bits is an error.
fn is_int(json: &[u8]) -> bool {
    std::str::from_utf8(json).is_ok_and(|text| {
        text.parse::<i32>().is_ok()
            || text.parse::<f64>().is_ok_and(|float| float.fract() == 0.0 && float.abs() <= f64::from(i32::MAX))
    })
}

/// The items of a list of leaves, which is kept as one text until here.
pub(super) fn items(json: &Bytes) -> Option<Vec<Node>> {
    let items: Vec<&RawValue> = serde_json::from_slice(json).ok()?;
    Some(
        items
            .into_iter()
            .map(|item| match item.get() {
                "null" => Node::Null,
                text => Node::Leaf(json.slice_ref(text.as_bytes())),
            })
            .collect(),
    )
}

//! How long a list in a request may be. It bounds, above all, the representations of one `_entities` call,
//! which the library would resolve all at once however many they are.

use async_graphql::{
    Request, Value as ConstValue,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};
use async_graphql_value::Value;

/// The most entries of a list, in variables or written out in the document.
pub(super) const MAX_LIST: usize = 1_000;

/// Whether a list, at any depth, is too long. A document that does not parse has none: the schema refuses it.
pub(super) fn too_long(request: &mut Request) -> bool {
    let in_variables = request.variables.values().any(const_too_long);
    in_variables || request.parsed_query().is_ok_and(document_too_long)
}

fn const_too_long(value: &ConstValue) -> bool {
    match value {
        ConstValue::List(list) => list.len() > MAX_LIST || list.iter().any(const_too_long),
        ConstValue::Object(fields) => fields.values().any(const_too_long),
        _ => false,
    }
}

fn document_too_long(document: &ExecutableDocument) -> bool {
    let mut operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let mut fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    operations.any(selections_too_long) || fragments.any(selections_too_long)
}

fn selections_too_long(set: &SelectionSet) -> bool {
    set.items.iter().any(|selection| match &selection.node {
        Selection::Field(field) => {
            let mut arguments = field.node.arguments.iter().map(|(_, value)| &value.node);
            arguments.any(value_too_long) || selections_too_long(&field.node.selection_set.node)
        }
        Selection::InlineFragment(fragment) => selections_too_long(&fragment.node.selection_set.node),
        Selection::FragmentSpread(_) => false,
    })
}

fn value_too_long(value: &Value) -> bool {
    match value {
        Value::List(list) => list.len() > MAX_LIST || list.iter().any(value_too_long),
        Value::Object(fields) => fields.values().any(value_too_long),
        _ => false,
    }
}

//! Field sets, the text in `@key`, `@requires` and `@provides`.

use std::collections::HashMap;

use async_graphql::parser::{
    parse_query,
    types::{ExecutableDocument, Selection, SelectionSet, TypeKind},
};
use serde_json::{Map, Value};

use crate::schema::{Schema, texts};

/// Every field set of a schema, parsed once.
pub(super) fn field_sets(schema: &Schema) -> HashMap<String, ExecutableDocument> {
    let of_types = schema.types().flat_map(|(_, it)| texts(&it.directives, "key", "fields"));
    let of_fields = schema.types().flat_map(|(name, _)| schema.fields(name)).flat_map(|field| {
        let directives = &field.node.directives;
        texts(directives, "requires", "fields").chain(texts(directives, "provides", "fields"))
    });
    of_types.chain(of_fields).map(|text| (text.to_owned(), parse_query(format!("{{ {text} }}")).unwrap())).collect()
}

pub(super) fn set(document: &ExecutableDocument) -> &SelectionSet {
    &document.operations.iter().next().unwrap().1.node.selection_set.node
}

/// What `@provides` names of an object of any type: `{ "field": { … }, … }`.
pub(super) fn provided(set: &SelectionSet) -> Map<String, Value> {
    let mut fields = Map::new();
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                let inner = provided(&field.node.selection_set.node);
                fields.insert(field.node.name.node.to_string(), inner.into());
            }
            Selection::InlineFragment(fragment) => fields.extend(provided(&fragment.node.selection_set.node)),
            Selection::FragmentSpread(_) => {}
        }
    }
    fields
}

/// Whether `given` has all that `wanted` has; it may have more members.
pub(super) fn contains(given: &Value, wanted: &Value) -> bool {
    match (given, wanted) {
        (Value::Object(given), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| given.get(key).is_some_and(|given| contains(given, wanted)))
        }
        (Value::Array(given), Value::Array(wanted)) => {
            given.len() == wanted.len() && given.iter().zip(wanted).all(|(given, wanted)| contains(given, wanted))
        }
        (given, wanted) => given == wanted,
    }
}

pub(super) fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}

/// The object types with a key, which are the members of `_Entity`.
pub(super) fn entities(schema: &Schema) -> Vec<&str> {
    let is_entity = |(name, definition): (_, &async_graphql::parser::types::TypeDefinition)| {
        let has_key = texts(&definition.directives, "key", "fields").next().is_some();
        (has_key && matches!(definition.kind, TypeKind::Object(_))).then_some(name)
    };
    schema.types().filter_map(is_entity).collect()
}

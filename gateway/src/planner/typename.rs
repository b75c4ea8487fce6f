//! The type name of every object whose type is not fixed, which any subgraph knows of the objects that it has.

use hive_router_query_planner::{
    ast::{
        document::Document,
        selection_item::SelectionItem,
        selection_set::{FieldSelection, SelectionSet},
    },
    state::supergraph_state::{SupergraphDefinition, SupergraphState},
};

use crate::operation::TYPENAME;

/// Adds `__typename` to every selection of an interface or a union that lacks it.
pub(super) fn add(document: &mut Document, state: &SupergraphState) {
    let root = state.expect_root_type_name(document.operation.operation_kind.as_ref()).to_owned();
    walk(&mut document.operation.selection_set, &root, state);
    for fragment in &mut document.fragments {
        walk(&mut fragment.selection_set, &fragment.type_condition, state);
    }
}

fn walk(set: &mut SelectionSet, parent: &str, state: &SupergraphState) {
    for item in &mut set.items {
        match item {
            SelectionItem::InlineFragment(fragment) => {
                walk(&mut fragment.selections, &fragment.type_condition, state);
            }
            SelectionItem::Field(field) if !field.selections.is_empty() => {
                let of_type = field_type(parent, &field.name, state).unwrap_or_default().to_owned();
                walk(&mut field.selections, &of_type, state);
                if is_abstract(&of_type, state) && !selects_typename(&field.selections) {
                    field.selections.items.insert(0, SelectionItem::Field(FieldSelection::new_typename()));
                }
            }
            SelectionItem::Field(_) | SelectionItem::FragmentSpread(_) => {}
        }
    }
}

/// `None` for `_entities`, whose selections are fragments only.
pub(super) fn field_type<'a>(parent: &str, name: &str, state: &'a SupergraphState) -> Option<&'a str> {
    Some(state.definitions.get(parent)?.fields().get(name)?.field_type.inner_type())
}

fn is_abstract(name: &str, state: &SupergraphState) -> bool {
    matches!(state.definitions.get(name), Some(SupergraphDefinition::Interface(_) | SupergraphDefinition::Union(_)))
}

fn selects_typename(set: &SelectionSet) -> bool {
    set.items.iter().any(|item| matches!(item, SelectionItem::Field(field) if field.selection_identifier() == TYPENAME))
}

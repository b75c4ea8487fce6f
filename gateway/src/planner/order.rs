//! One order of selections, so that look-ups which ask the same are equal byte for byte. The planner puts them in the
//! order in which it came across them, which differs from place to place.

use hive_router_query_planner::ast::{document::Document, selection_item::SelectionItem, selection_set::SelectionSet};

/// Sorts what is asked of references. Only the order of keys in the answer depends on it, which nobody sees.
pub(super) fn sort(document: &mut Document) {
    sort_set(&mut document.operation.selection_set);
    for fragment in &mut document.fragments {
        sort_set(&mut fragment.selection_set);
    }
}

fn sort_set(set: &mut SelectionSet) {
    for item in &mut set.items {
        match item {
            SelectionItem::Field(field) => sort_set(&mut field.selections),
            SelectionItem::InlineFragment(fragment) => sort_set(&mut fragment.selections),
            SelectionItem::FragmentSpread(_) => {}
        }
    }
    set.items.sort_by(|left, right| place(left).cmp(&place(right)));
}

fn place(item: &SelectionItem) -> (u8, &str) {
    match item {
        SelectionItem::Field(field) => (0, field.selection_identifier()),
        SelectionItem::InlineFragment(fragment) => (1, &fragment.type_condition),
        SelectionItem::FragmentSpread(name) => (2, name),
    }
}

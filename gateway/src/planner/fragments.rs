//! Names of fragments by which the fragments of several operations can stand in one document.

use std::hash::{DefaultHasher, Hash, Hasher};

use hive_router_query_planner::ast::{document::Document, selection_item::SelectionItem, selection_set::SelectionSet};

/// The planner names the fragments of each operation from the beginning of the alphabet. Here the name says what all the
/// operation's fragments are; where two operations get one name for different texts, they are not joined.
pub(super) fn rename(document: &mut Document) {
    let mut hasher = DefaultHasher::new();
    for fragment in &document.fragments {
        fragment.to_string().hash(&mut hasher);
    }
    let suffix = format!("_{:x}", hasher.finish());
    walk(&mut document.operation.selection_set, &suffix);
    for fragment in &mut document.fragments {
        fragment.name.push_str(&suffix);
        walk(&mut fragment.selection_set, &suffix);
    }
}

fn walk(set: &mut SelectionSet, suffix: &str) {
    for item in &mut set.items {
        match item {
            SelectionItem::Field(field) => walk(&mut field.selections, suffix),
            SelectionItem::InlineFragment(fragment) => walk(&mut fragment.selections, suffix),
            SelectionItem::FragmentSpread(name) => name.push_str(suffix),
        }
    }
}

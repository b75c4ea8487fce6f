use std::collections::HashSet;

use graphql_tools::static_graphql::query::{Definition, Document, OperationDefinition, Selection, SelectionSet};

/// Drops leaves that a selection set repeats word for word. It changes neither what is valid nor what is answered, and
/// validation compares every two fields of one response key: two thousand of them are two million pairs.
pub(crate) fn drop_repeats(document: &mut Document) {
    for definition in &mut document.definitions {
        drop_in(match definition {
            Definition::Fragment(fragment) => &mut fragment.selection_set,
            Definition::Operation(OperationDefinition::SelectionSet(set)) => set,
            Definition::Operation(OperationDefinition::Query(query)) => &mut query.selection_set,
            Definition::Operation(OperationDefinition::Mutation(mutation)) => &mut mutation.selection_set,
            Definition::Operation(OperationDefinition::Subscription(subscription)) => &mut subscription.selection_set,
        });
    }
}

fn drop_in(set: &mut SelectionSet) {
    let mut seen = HashSet::new();
    set.items.retain_mut(|selection| match selection {
        Selection::Field(field) if !field.selection_set.items.is_empty() => {
            drop_in(&mut field.selection_set);
            true
        }
        Selection::Field(field) => {
            let plain = field.alias.is_none() && field.arguments.is_empty() && field.directives.is_empty();
            !plain || seen.insert(field.name.clone())
        }
        Selection::InlineFragment(fragment) => {
            drop_in(&mut fragment.selection_set);
            true
        }
        Selection::FragmentSpread(_) => true,
    });
}

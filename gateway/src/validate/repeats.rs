//! Fields that a selection set repeats, before validation compares them.

use std::collections::{HashMap, hash_map::Entry};

use graphql_tools::static_graphql::query::{Definition, Document, Field, OperationDefinition, Selection, SelectionSet};

/// Joins fields that a selection set repeats word for word, and their selections with them, as execution would
/// (CollectFields). It changes neither what is valid nor what is answered, and validation compares every two fields of
/// one response key: two thousand of them are two million pairs.
pub(crate) fn join_repeats(document: &mut Document) {
    for definition in &mut document.definitions {
        join(match definition {
            Definition::Fragment(fragment) => &mut fragment.selection_set,
            Definition::Operation(OperationDefinition::SelectionSet(set)) => set,
            Definition::Operation(OperationDefinition::Query(query)) => &mut query.selection_set,
            Definition::Operation(OperationDefinition::Mutation(mutation)) => &mut mutation.selection_set,
            Definition::Operation(OperationDefinition::Subscription(subscription)) => &mut subscription.selection_set,
        });
    }
}

fn join(set: &mut SelectionSet) {
    let mut first = HashMap::new();
    let mut joined: Vec<Selection> = Vec::with_capacity(set.items.len());
    for selection in std::mem::take(&mut set.items) {
        let Some(key) = plain(&selection) else {
            // What it selects inside a field stands before what the field selects after it.
            let is_before = |key: &str| match &selection {
                Selection::Field(field) => field.alias.as_ref().unwrap_or(&field.name) == key,
                _ => true,
            };
            first.retain(|(key, is_leaf): &(String, bool), _| *is_leaf || !is_before(key));
            joined.push(selection);
            continue;
        };
        match first.entry(key) {
            Entry::Vacant(place) => {
                place.insert(joined.len());
                joined.push(selection);
            }
            Entry::Occupied(place) => {
                if let (Selection::Field(earlier), Selection::Field(field)) = (&mut joined[*place.get()], selection) {
                    earlier.selection_set.items.extend(field.selection_set.items);
                }
            }
        }
    }
    joined.iter_mut().filter_map(inside).for_each(join);
    set.items = joined;
}

/// What two fields must share to be the same. A leaf and a field with selections never are: one of the two is a mistake
/// that validation has to see.
fn plain(selection: &Selection) -> Option<(String, bool)> {
    match selection {
        Selection::Field(Field { alias: None, name, arguments, directives, selection_set, .. })
            if arguments.is_empty() && directives.is_empty() =>
        {
            Some((name.clone(), selection_set.items.is_empty()))
        }
        _ => None,
    }
}

fn inside(selection: &mut Selection) -> Option<&mut SelectionSet> {
    match selection {
        Selection::Field(field) => Some(&mut field.selection_set),
        Selection::InlineFragment(fragment) => Some(&mut fragment.selection_set),
        Selection::FragmentSpread(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use graphql_tools::parser::parse_query;

    use super::*;

    #[test]
    fn fields_are_joined_where_they_are_the_same_word_for_word() {
        for (written, joined) in [
            ("{ a a b a }", "{ a b }"),
            ("{ a { x } b a { y x } }", "{ a { x y } b }"),
            ("{ a { x { p } } a { x { q } } }", "{ a { x { p q } } }"),
            ("{ ... on T { a a } a }", "{ ... on T { a } a }"),
            ("{ a ... on T { b } a }", "{ a ... on T { b } }"),
            ("{ a { x } ...F a { y } a { z } }", "{ a { x } ...F a { y z } }"),
            ("{ a { x } a: a { y } b: b { y } a { z } }", "{ a { x } a: a { y } b: b { y } a { z } }"),
            ("{ a { x } b: b { y } a { z } }", "{ a { x z } b: b { y } }"),
            ("{ a a: b a(n: 1) a @skip(if: true) a }", "{ a a: b a(n: 1) a @skip(if: true) }"),
            ("{ a a { x } }", "{ a a { x } }"),
            ("fragment F on T { a a } { ...F ...F }", "fragment F on T { a } { ...F ...F }"),
        ] {
            let parse = |text| parse_query::<String>(text).unwrap().into_static();
            let mut document = parse(written);
            join_repeats(&mut document);
            assert_eq!(document.to_string(), parse(joined).to_string());
        }
    }
}

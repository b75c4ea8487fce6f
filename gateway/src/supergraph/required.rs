//! Fields that `@requires` asks for with arguments.

use std::collections::HashSet;

use graphql_tools::{
    parser::parse_query,
    static_graphql::query::{Definition, OperationDefinition, Selection, SelectionSet},
};

use super::string;
use crate::schema::{self, Schema};

/// Their names, on whichever type.
pub(super) fn with_arguments(full: &Schema) -> HashSet<String> {
    let mut names = HashSet::new();
    for directive in full.types().flat_map(schema::fields).flat_map(|field| &field.directives) {
        if directive.name == "join__field"
            && let Some(required) = string(directive, "requires")
            && let Ok(document) = parse_query::<String>(&format!("{{{required}}}"))
        {
            for definition in &document.into_static().definitions {
                if let Definition::Operation(OperationDefinition::SelectionSet(set)) = definition {
                    collect(set, &mut names);
                }
            }
        }
    }
    names
}

fn collect(set: &SelectionSet, names: &mut HashSet<String>) {
    for selection in &set.items {
        match selection {
            Selection::Field(field) => {
                if !field.arguments.is_empty() {
                    names.insert(field.name.clone());
                }
                collect(&field.selection_set, names);
            }
            Selection::InlineFragment(fragment) => collect(&fragment.selection_set, names),
            Selection::FragmentSpread(_) => {}
        }
    }
}

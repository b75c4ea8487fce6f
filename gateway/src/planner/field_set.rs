//! What the arguments of `@key`, `@requires` and `@provides` select.

use graphql_tools::{
    parser::parse_query,
    static_graphql::query::{Definition, OperationDefinition, SelectionSet},
};
use hive_router_query_planner::ast::{selection_item::SelectionItem, selection_set};

pub(super) fn parse(text: &str) -> Option<SelectionSet> {
    let text = format!("{{{text}}}");
    let document = parse_query::<String>(&text).ok()?.into_static();
    document.definitions.into_iter().find_map(|definition| match definition {
        Definition::Operation(OperationDefinition::SelectionSet(set)) => Some(set),
        _ => None,
    })
}

/// The same in terms of the planner.
pub(super) fn items(text: &str) -> Vec<SelectionItem> {
    parse(text).map(|set| selection_set::SelectionSet::from(set).items).unwrap_or_default()
}

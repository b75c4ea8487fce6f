//! Which operation of its document a request asks for.

use async_graphql::{
    Name, Request,
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection},
};
use axum::http::StatusCode;

use super::refusal::Refusal;

/// Whether the request subscribes. What names no operation, or does not parse, does not: the schema refuses it.
///
/// # Errors
/// A subscription that selects anything but one field: the library would run several at once, and none for a fragment.
pub(super) fn is_subscription(request: &mut Request) -> Result<bool, Refusal> {
    let name = request.operation_name.clone();
    let Ok(document) = request.parsed_query() else { return Ok(false) };
    let operation = operation(document, name.as_deref());
    let Some(operation) = operation.filter(|operation| operation.ty == OperationType::Subscription) else {
        return Ok(false);
    };
    if let [selection] = &operation.selection_set.node.items[..]
        && let Selection::Field(_) = selection.node
    {
        return Ok(true);
    }
    // GraphQL, section 5.2.4.1; fragments at the root are legal, but no planner writes them.
    let message = "A subscription selects one field, not through a fragment.";
    Err(Refusal::new(StatusCode::BAD_REQUEST, "BAD_USER_INPUT", message))
}

fn operation<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Option<&'a OperationDefinition> {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(&Name::new(name)),
        (DocumentOperations::Multiple(operations), None) => {
            operations.values().next().filter(|_| operations.len() == 1)
        }
    };
    operation.map(|operation| &operation.node)
}

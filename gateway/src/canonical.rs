//! What is planned in place of the client's operation: the same fields, said in the one way that the planner and the
//! subgraphs cannot mistake. Responses of it are turned into responses of the original by [`crate::project`].
//!
//! Aliases are where federated execution goes wrong. A response key that equals the name of another field overwrites
//! a key or a `@requires` input; one key with two types in two fragments is refused by a subgraph. So a field is
//! fetched under its own name, or under a key that no schema has.

mod conflicts;
mod keys;
mod merged;

use std::collections::BTreeSet;

use crate::{authorize::Denied, operation::Operation, supergraph::Supergraph, variables};

pub(crate) use keys::Keys;
use merged::{Context, Merged};

/// GraphQL text without directives, and the whole identity of its plan. `None` where no subgraph has to be asked:
/// only `__typename`, introspection, or nothing that the caller may see.
pub(crate) fn text(operation: &Operation, supergraph: &Supergraph, denied: &Denied, keys: &Keys) -> Option<String> {
    let mut root = Merged::new(operation.set.parent.clone(), &supergraph.api);
    root.add(&operation.set, &Context { supergraph, denied, keys });
    root.drop_typename();
    if root.is_empty() {
        return None;
    }
    let mut body = String::new();
    let mut used = BTreeSet::new();
    root.print(supergraph, &mut body, &mut used);
    Some(format!("{}{}{body}", operation.kind.keyword(), definitions(operation, &used)))
}

/// Defaults stay: they make a nullable variable fit a non-null argument.
fn definitions(operation: &Operation, used: &BTreeSet<String>) -> String {
    let definitions: Vec<String> = operation
        .variables
        .iter()
        .filter(|definition| used.contains(&definition.name))
        .map(|definition| {
            let mut text = format!("${}: {}", definition.name, definition.var_type);
            if let Some(default) = &definition.default_value {
                text.push_str(" = ");
                variables::print(default, &mut text);
            }
            text
        })
        .collect();
    if definitions.is_empty() { String::new() } else { format!("({})", definitions.join(", ")) }
}

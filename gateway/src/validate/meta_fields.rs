//! Rules for `__typename`, `__schema` and `__type` that the library does not have.

use graphql_tools::static_graphql::query::{
    Definition, Document, Field, OperationDefinition, Selection, SelectionSet, TypeCondition,
};

use crate::{
    error::{GraphqlError, code},
    schema::Schema,
};

pub(super) struct MetaFields<'a> {
    pub(super) schema: &'a Schema,
    pub(super) introspection: bool,
}

impl MetaFields<'_> {
    pub(super) fn check(&self, document: &Document) -> Vec<GraphqlError> {
        let mut errors = Vec::new();
        for definition in &document.definitions {
            match definition {
                Definition::Operation(operation) => {
                    let at_root =
                        matches!(operation, OperationDefinition::SelectionSet(_) | OperationDefinition::Query(_));
                    self.set(operation.selection_set(), at_root, &mut errors);
                }
                Definition::Fragment(fragment) => {
                    let at_root = self.is_query_root(&fragment.type_condition);
                    self.set(&fragment.selection_set, at_root, &mut errors);
                }
            }
        }
        errors
    }

    fn set(&self, set: &SelectionSet, at_root: bool, errors: &mut Vec<GraphqlError>) {
        for selection in &set.items {
            match selection {
                Selection::Field(field) => {
                    errors.extend(self.field(field, at_root));
                    self.set(&field.selection_set, false, errors);
                }
                Selection::InlineFragment(fragment) => {
                    let stays = fragment.type_condition.as_ref().is_none_or(|condition| self.is_query_root(condition));
                    self.set(&fragment.selection_set, at_root && stays, errors);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    /// Introspection is for the root of a query. A field that returns the query root again does not offer it.
    fn field(&self, field: &Field, at_root: bool) -> Option<GraphqlError> {
        let message = match field.name.as_str() {
            "__typename" if !field.selection_set.items.is_empty() => {
                "Field \"__typename\" must not have a selection.".to_owned()
            }
            "__schema" | "__type" if !self.introspection => "Introspection is switched off.".to_owned(),
            name @ ("__schema" | "__type") if !at_root => {
                format!("Field \"{name}\" can only be queried at the root of a query.")
            }
            _ => return None,
        };
        Some(GraphqlError::new(code::VALIDATION_FAILED, message).located(field.position))
    }

    fn is_query_root(&self, condition: &TypeCondition) -> bool {
        let TypeCondition::On(name) = condition;
        *name == self.schema.query
    }
}

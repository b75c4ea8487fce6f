use async_graphql::{
    Positioned,
    parser::types::{Directive, Field, Selection, SelectionSet},
};
use async_graphql_value::Value as Literal;
use serde_json::Value;

use super::{Execution, Resolver};
use crate::schema::Schema;

/// Fields by response key, in the order in which the keys first occur.
pub(crate) type Grouped<'a> = Vec<(&'a str, Vec<&'a Field>)>;

impl<'a, R: Resolver> Execution<'a, R> {
    /// `CollectFields` (section 6.3.2), over several selection sets as `MergeSelectionSets` would join them.
    pub(crate) fn collect(&self, object_type: &str, sets: &[&'a SelectionSet]) -> Grouped<'a> {
        let mut grouped = Vec::new();
        let mut visited = Vec::new();
        for set in sets {
            self.collect_into(object_type, set, &mut visited, &mut grouped);
        }
        grouped
    }

    fn collect_into(
        &self,
        object_type: &str,
        set: &'a SelectionSet,
        visited: &mut Vec<&'a str>,
        grouped: &mut Grouped<'a>,
    ) {
        for selection in set.items.iter().map(|selection| &selection.node) {
            if !self.included(selection.directives()) {
                continue;
            }
            match selection {
                Selection::Field(field) => add(grouped, &field.node),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    if condition.is_none_or(|it| applies(self.schema, object_type, it.node.on.node.as_str())) {
                        self.collect_into(object_type, &fragment.node.selection_set.node, visited, grouped);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    if visited.contains(&name) {
                        continue;
                    }
                    visited.push(name);
                    let fragment = &self.document.fragments[name].node;
                    if applies(self.schema, object_type, fragment.type_condition.node.on.node.as_str()) {
                        self.collect_into(object_type, &fragment.selection_set.node, visited, grouped);
                    }
                }
            }
        }
    }

    fn included(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().all(|directive| {
            let condition = match directive.node.get_argument("if").map(|value| &value.node) {
                Some(Literal::Variable(name)) => self.variables.get(name.as_str()) == Some(&Value::Bool(true)),
                Some(Literal::Boolean(condition)) => *condition,
                _ => panic!("a condition that is no Boolean"),
            };
            match directive.node.name.node.as_str() {
                "skip" => !condition,
                "include" => condition,
                _ => true,
            }
        })
    }
}

fn add<'a>(grouped: &mut Grouped<'a>, field: &'a Field) {
    let key = field.response_key().node.as_str();
    match grouped.iter_mut().find(|(known, _)| *known == key) {
        Some((_, fields)) => fields.push(field),
        None => grouped.push((key, vec![field])),
    }
}

/// `DoesFragmentTypeApply` (section 6.3.2).
pub(crate) fn applies(schema: &Schema, object_type: &str, condition: &str) -> bool {
    schema.possible(condition).contains(object_type)
}

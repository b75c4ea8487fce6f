//! Field Selection Merging (section 5.3.2), as the specification writes it.

use async_graphql::parser::types::{BaseType, ExecutableDocument, Field, OperationType, Selection, SelectionSet, Type};

use crate::schema::{Schema, named};

/// A field and the type that its selection set is on.
type Selected<'a> = (&'a str, &'a Field);

struct Merging<'a> {
    schema: &'a Schema,
    document: &'a ExecutableDocument,
}

/// Whether all operations of the document keep the rule.
pub(crate) fn can_merge(schema: &Schema, document: &ExecutableDocument) -> bool {
    let merging = Merging { schema, document };
    document.operations.iter().all(|(_, operation)| {
        let root = match operation.node.ty {
            OperationType::Mutation => "Mutation",
            _ => "Query",
        };
        let mut fields = Vec::new();
        merging.collect(root, &operation.node.selection_set.node, &mut fields);
        merging.fields_can_merge(&fields)
    })
}

impl<'a> Merging<'a> {
    fn collect(&self, parent: &'a str, set: &'a SelectionSet, fields: &mut Vec<Selected<'a>>) {
        for selection in set.items.iter().map(|selection| &selection.node) {
            match selection {
                Selection::Field(field) => fields.push((parent, &field.node)),
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                    self.collect(on.unwrap_or(parent), &fragment.node.selection_set.node, fields);
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = &self.document.fragments[&spread.node.fragment_name.node].node;
                    self.collect(fragment.type_condition.node.on.node.as_str(), &fragment.selection_set.node, fields);
                }
            }
        }
    }

    /// `FieldsInSetCanMerge`.
    fn fields_can_merge(&self, fields: &[Selected<'a>]) -> bool {
        fields.iter().enumerate().all(|(position, left)| {
            fields[position..].iter().filter(|right| key(left) == key(right)).all(|right| self.pair(left, right))
        })
    }

    fn pair(&self, left: &Selected<'a>, right: &Selected<'a>) -> bool {
        if !self.same_shape(left, right) {
            return false;
        }
        let apart = left.0 != right.0 && self.schema.is_object(left.0) && self.schema.is_object(right.0);
        apart
            || (left.1.name.node == right.1.name.node
                && same_arguments(left.1, right.1)
                && self.fields_can_merge(&self.inside(&[left, right])))
    }

    /// `SameResponseShape`.
    fn same_shape(&self, left: &Selected<'a>, right: &Selected<'a>) -> bool {
        match (self.type_of(left), self.type_of(right)) {
            (Some(of_left), Some(of_right)) if !self.same_types(of_left, of_right) => return false,
            (Some(_), Some(_)) | (None, None) => {}
            // `__typename` is a `String!`.
            (Some(other), None) | (None, Some(other)) if other.to_string() == "String!" => {}
            _ => return false,
        }
        let inside = self.inside(&[left, right]);
        inside.iter().enumerate().all(|(position, left)| {
            inside[position + 1..]
                .iter()
                .filter(|right| key(left) == key(right))
                .all(|right| self.same_shape(left, right))
        })
    }

    /// Alike in their wrappers and, for leaves, in their names.
    fn same_types(&self, left: &Type, right: &Type) -> bool {
        left.nullable == right.nullable
            && match (&left.base, &right.base) {
                (BaseType::List(left), BaseType::List(right)) => self.same_types(left, right),
                (BaseType::Named(left), BaseType::Named(right)) => {
                    left == right || (self.schema.is_composite(left) && self.schema.is_composite(right))
                }
                _ => false,
            }
    }

    fn inside(&self, fields: &[&Selected<'a>]) -> Vec<Selected<'a>> {
        let mut inside = Vec::new();
        for selected in fields {
            if let Some(of) = self.type_of(selected) {
                self.collect(named(of), &selected.1.selection_set.node, &mut inside);
            }
        }
        inside
    }

    fn type_of(&self, (parent, field): &Selected<'a>) -> Option<&'a Type> {
        self.schema.field(parent, field.name.node.as_str()).map(|definition| &definition.ty.node)
    }
}

fn key<'a>(selected: &Selected<'a>) -> &'a str {
    selected.1.response_key().node.as_str()
}

fn same_arguments(left: &Field, right: &Field) -> bool {
    left.arguments.len() == right.arguments.len()
        && left
            .arguments
            .iter()
            .all(|(name, value)| right.get_argument(&name.node).is_some_and(|it| it.node == value.node))
}

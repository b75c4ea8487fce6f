//! `@provides` as the planner can understand it.
//!
//! The planner has a copy of each type below a field with `@provides`, and numbers the copies anew for each type that
//! declares such a field. So fields of two types share a copy of a third one, and what one of them provides is taken
//! to be provided by the other. Of such fields none keeps its `@provides`: what is provided is fetched by key instead.

use std::collections::BTreeSet;

use graphql_tools::static_graphql::{
    query::{Selection, SelectionSet, TypeCondition},
    schema::{Definition, Directive, Document, Field, TypeDefinition, Value},
};

use super::field_set;
use crate::schema::{Schema, fields, named, type_name};

struct Provides {
    parent: String,
    field: String,
    graph: String,
    /// Types that the planner copies.
    types: BTreeSet<String>,
}

pub(super) fn untangled(supergraph: &Document) -> Document {
    let mut document = supergraph.clone();
    let all = collect(&Schema::new(supergraph.clone()));
    for definition in &mut document.definitions {
        let Definition::TypeDefinition(definition) = definition else { continue };
        let parent = type_name(definition).to_owned();
        let fields = match definition {
            TypeDefinition::Object(object) => &mut object.fields,
            TypeDefinition::Interface(interface) => &mut interface.fields,
            _ => continue,
        };
        for field in fields {
            let tangled: Vec<_> = all
                .iter()
                .filter(|provides| provides.parent == parent && provides.field == field.name)
                .filter(|provides| all.iter().any(|other| other.shares_copies_with(provides)))
                .collect();
            for provides in tangled {
                drop_provides(field, &provides.graph);
            }
        }
    }
    document
}

impl Provides {
    fn shares_copies_with(&self, other: &Self) -> bool {
        self.graph == other.graph && self.parent != other.parent && !self.types.is_disjoint(&other.types)
    }
}

fn collect(schema: &Schema) -> Vec<Provides> {
    let mut all = Vec::new();
    for definition in schema.types() {
        for field in fields(definition) {
            for directive in field.directives.iter().filter(|directive| directive.name == "join__field") {
                let (Some(graph), Some(provided)) = (argument(directive, "graph"), argument(directive, "provides"))
                else {
                    continue;
                };
                let of = named(&field.field_type);
                let mut types = BTreeSet::from([of.to_owned()]);
                field_set::parse(&provided).iter().for_each(|set| below(schema, of, set, &mut types));
                let (parent, field) = (type_name(definition).to_owned(), field.name.clone());
                all.push(Provides { parent, field, graph, types });
            }
        }
    }
    all
}

fn below(schema: &Schema, parent: &str, set: &SelectionSet, types: &mut BTreeSet<String>) {
    for selection in &set.items {
        let (of, inner) = match selection {
            Selection::Field(field) => match schema.field(parent, &field.name) {
                Some(declared) => (named(&declared.field_type), &field.selection_set),
                None => continue,
            },
            Selection::InlineFragment(fragment) => match &fragment.type_condition {
                Some(TypeCondition::On(condition)) => (condition.as_str(), &fragment.selection_set),
                None => (parent, &fragment.selection_set),
            },
            Selection::FragmentSpread(_) => continue,
        };
        if schema.is_composite(of) {
            types.insert(of.to_owned());
            below(schema, of, inner, types);
        }
    }
}

fn drop_provides(field: &mut Field, graph: &str) {
    for directive in &mut field.directives {
        if directive.name == "join__field" && argument(directive, "graph").as_deref() == Some(graph) {
            directive.arguments.retain(|(name, _)| name != "provides");
        }
    }
}

pub(super) fn argument(directive: &Directive, name: &str) -> Option<String> {
    directive.arguments.iter().find_map(|(known, value)| match value {
        Value::String(text) | Value::Enum(text) if known == name => Some(text.clone()),
        _ => None,
    })
}

//! Fields that `@requires` asks for with arguments, said without them.
//!
//! A key has no arguments, so such a field cannot become a part of one. With these arguments it is a field like any
//! other, though: it gets a name of its own in the supergraph that is planned on, and both are put back into the plan.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use graphql_tools::static_graphql::{
    query::{Field as Required, Selection, SelectionSet, TypeCondition},
    schema::{Definition, Document, Field, TypeDefinition, Value},
};
use hive_router_query_planner::{
    ast::{
        selection_item::SelectionItem,
        selection_set::{FieldSelection, SelectionSet as Planned},
    },
    planner::plan_nodes::FetchNode,
};

use super::field_set;
use crate::schema::{Schema, named};

/// The fields that the names of our own stand for.
#[derive(Default)]
pub(super) struct Named {
    fields: HashMap<String, FieldSelection>,
}

/// The supergraph in which no `@requires` has arguments.
pub(super) fn named_apart(supergraph: &Document) -> (Document, Named) {
    let schema = Schema::new(supergraph.clone());
    let mut document = supergraph.clone();
    let prefix = prefix(&mut document);
    let mut naming = Naming { schema: &schema, prefix, names: BTreeMap::new(), places: BTreeSet::new() };
    for (parent, fields) in all_fields(&mut document) {
        fields.iter_mut().for_each(|field| naming.visit(&parent, field));
    }
    for (parent, fields) in all_fields(&mut document) {
        let copies: Vec<Field> = fields.iter().flat_map(|field| naming.copies(&parent, field)).collect();
        fields.extend(copies);
    }
    let fields = naming.names.into_values().collect();
    (document, Named { fields })
}

fn all_fields(document: &mut Document) -> impl Iterator<Item = (String, &mut Vec<Field>)> {
    document.definitions.iter_mut().filter_map(|definition| match definition {
        Definition::TypeDefinition(TypeDefinition::Object(object)) => Some((object.name.clone(), &mut object.fields)),
        Definition::TypeDefinition(TypeDefinition::Interface(interface)) => {
            Some((interface.name.clone(), &mut interface.fields))
        }
        _ => None,
    })
}

/// With which no field's name begins.
fn prefix(document: &mut Document) -> String {
    let mut prefix = "_r".to_owned();
    while all_fields(document).any(|(_, fields)| fields.iter().any(|field| field.name.starts_with(&prefix))) {
        prefix.insert(0, '_');
    }
    prefix
}

struct Naming<'a> {
    schema: &'a Schema,
    prefix: String,
    /// What stands for a field with arguments, by its text.
    names: BTreeMap<String, (String, FieldSelection)>,
    /// Types, names of fields that are required of them, and what these are called.
    places: BTreeSet<(String, String, String)>,
}

impl Naming<'_> {
    fn visit(&mut self, parent: &str, field: &mut Field) {
        let joins = field.directives.iter_mut().filter(|directive| directive.name == "join__field");
        for (name, value) in joins.flat_map(|join| &mut join.arguments) {
            if let ("requires", Value::String(text)) = (name.as_str(), value)
                && let Some(mut set) = field_set::parse(text).filter(|_| text.contains('('))
            {
                self.rename_all(parent, &mut set);
                *text = Planned::from(set).items.iter().map(|item| format!("{item} ")).collect();
            }
        }
    }

    fn rename_all(&mut self, parent: &str, set: &mut SelectionSet) {
        for selection in &mut set.items {
            match selection {
                Selection::Field(field) => self.rename(parent, field),
                Selection::InlineFragment(fragment) => match &fragment.type_condition {
                    Some(TypeCondition::On(condition)) => self.rename_all(condition, &mut fragment.selection_set),
                    None => self.rename_all(parent, &mut fragment.selection_set),
                },
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn rename(&mut self, parent: &str, field: &mut Required) {
        let declared = self.schema.field(parent, &field.name).map(|declared| named(&declared.field_type));
        self.rename_all(declared.unwrap_or_default(), &mut field.selection_set);
        if field.arguments.is_empty() {
            return;
        }
        let bare = Required {
            selection_set: SelectionSet { items: Vec::new(), ..field.selection_set.clone() },
            ..field.clone()
        };
        let next = format!("{}{}_{}", self.prefix, self.names.len(), field.name);
        let (name, _) = self.names.entry(bare.to_string()).or_insert_with(|| (next, bare.into()));
        self.places.insert((parent.to_owned(), field.name.clone(), name.clone()));
        field.name.clone_from(name);
        field.arguments.clear();
    }

    /// A field under the names that it is required by, of objects that can be those that it is required of.
    fn copies(&self, parent: &str, field: &Field) -> Vec<Field> {
        let of_field = self
            .places
            .iter()
            .filter(|(of, name, _)| *name == field.name && (of == parent || self.schema.satisfies(parent, of)));
        let names: BTreeSet<&String> = of_field.map(|(_, _, name)| name).collect();
        let copy = |name: &String| Field { name: name.clone(), arguments: Vec::new(), ..field.clone() };
        names.into_iter().map(copy).collect()
    }
}

impl Named {
    /// Asks for the fields, under our names, and refers to them by theirs.
    pub(super) fn restore(&self, fetch: &mut FetchNode) {
        if self.fields.is_empty() {
            return;
        }
        let document = &mut fetch.operation.document;
        self.ask(&mut document.operation.selection_set);
        document.fragments.iter_mut().for_each(|fragment| self.ask(&mut fragment.selection_set));
        fetch.requires.iter_mut().for_each(|requires| self.refer(requires));
    }

    fn ask(&self, set: &mut Planned) {
        walk(set, &|field| {
            if let Some(required) = self.fields.get(&field.name) {
                let name = std::mem::replace(&mut field.name, required.name.clone());
                field.alias.get_or_insert(name);
                field.arguments.clone_from(&required.arguments);
            }
        });
    }

    fn refer(&self, set: &mut Planned) {
        walk(set, &|field| {
            if let Some(required) = self.fields.get(&field.name) {
                field.alias = Some(required.name.clone());
            }
        });
    }
}

fn walk(set: &mut Planned, change: &impl Fn(&mut FieldSelection)) {
    for item in &mut set.items {
        match item {
            SelectionItem::Field(field) => {
                change(field);
                walk(&mut field.selections, change);
            }
            SelectionItem::InlineFragment(fragment) => walk(&mut fragment.selections, change),
            SelectionItem::FragmentSpread(_) => {}
        }
    }
}

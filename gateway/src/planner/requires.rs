//! `@requires` said in another way, for the operations that the planner cannot plan with it.
//!
//! To the planner a field with `@requires` is a case of its own, which it gets wrong where the subgraph's key comes
//! from a third subgraph, and on objects inside objects of one type. But such a field is nothing else than one of a
//! further subgraph, with what is required for a part of its key: the reference has the same members, and the planner
//! finds the parts of a key wherever they are. So each such field moves to a subgraph of its own, a copy of its old one
//! under another name ([`service`]).

use graphql_tools::static_graphql::schema::{
    Definition, Directive, Document, EnumValue, Field, TypeDefinition, UnionType, Value,
};

use super::provides::argument;
use crate::schema::{Schema, fields, named, type_name};

/// What stands between the name of a subgraph and the number of its copy.
const COPY: char = '#';

/// Fields of one type that require the same in the same subgraph.
#[derive(PartialEq, Eq)]
struct Group {
    parent: String,
    graph: String,
    required: String,
}

/// The subgraph that a copy stands for.
pub(super) fn service(name: &str) -> &str {
    name.split(COPY).next().unwrap_or(name)
}

/// `None` where nothing would change. A key has no arguments, and so nothing may be required with any.
pub(super) fn as_keys(supergraph: &Document) -> Option<Document> {
    let schema = Schema::new(supergraph.clone());
    let groups = groups(&schema);
    if groups.is_empty() {
        return None;
    }
    let mut document = supergraph.clone();
    for (number, group) in groups.iter().enumerate() {
        let copy = Copy { schema: &schema, group, graph: format!("{}__{number}", group.graph), number };
        for definition in &mut document.definitions {
            if let Definition::TypeDefinition(definition) = definition {
                copy.add_to(definition);
            }
        }
    }
    Some(document)
}

fn groups(schema: &Schema) -> Vec<Group> {
    let mut groups = Vec::new();
    for definition in schema.types() {
        let parent = type_name(definition);
        for field in fields(definition).iter().filter(|field| !can_be(schema, field, parent)) {
            for directive in &field.directives {
                if let (Some(graph), Some(required)) = (argument(directive, "graph"), argument(directive, "requires")) {
                    let group = Group { parent: parent.to_owned(), graph, required };
                    if !groups.contains(&group) {
                        groups.push(group);
                    }
                }
            }
        }
    }
    groups
}

/// Whether objects of the type can be in the field.
fn can_be(schema: &Schema, field: &Field, object: &str) -> bool {
    let of = named(&field.field_type);
    of == object || schema.satisfies(object, of) || schema.satisfies(of, object)
}

/// The subgraphs that have a type.
fn graphs(directives: &[Directive]) -> Vec<Value> {
    let joins = directives.iter().filter(|directive| directive.name == "join__type");
    let graphs = joins.flat_map(|join| join.arguments.iter().filter(|(name, _)| name == "graph"));
    graphs.map(|(_, graph)| graph.clone()).collect()
}

struct Copy<'a> {
    schema: &'a Schema,
    group: &'a Group,
    /// The copy's name in `join__Graph`.
    graph: String,
    number: usize,
}

impl Copy<'_> {
    fn add_to(&self, definition: &mut TypeDefinition) {
        if let TypeDefinition::Enum(graphs) = definition
            && graphs.name == "join__Graph"
        {
            let copied = graphs.values.iter().find(|value| value.name == self.group.graph).map(|it| self.named(it));
            graphs.values.extend(copied);
            return;
        }
        // Nothing in the copy is a root, so that the planner goes there for the fields alone.
        if matches!(type_name(definition), "Query" | "Mutation" | "Subscription") {
            return;
        }
        let is_parent = type_name(definition) == self.group.parent;
        match definition {
            TypeDefinition::Object(object) => {
                self.add_to_type(&mut object.directives, is_parent);
                let graphs = graphs(&object.directives);
                object.fields.iter_mut().for_each(|field| self.add_to_field(field, is_parent, &graphs));
            }
            TypeDefinition::Interface(interface) => {
                self.add_to_type(&mut interface.directives, is_parent);
                let graphs = graphs(&interface.directives);
                interface.fields.iter_mut().for_each(|field| self.add_to_field(field, is_parent, &graphs));
            }
            TypeDefinition::Enum(definition) => {
                self.add_to_type(&mut definition.directives, false);
                definition.values.iter_mut().for_each(|value| self.copy_all(&mut value.directives));
            }
            TypeDefinition::Union(UnionType { directives, .. }) => self.add_to_type(directives, false),
            TypeDefinition::Scalar(scalar) => self.add_to_type(&mut scalar.directives, false),
            TypeDefinition::InputObject(input) => {
                self.add_to_type(&mut input.directives, false);
                input.fields.iter_mut().for_each(|field| self.copy_all(&mut field.directives));
            }
        }
    }

    fn named(&self, value: &EnumValue) -> EnumValue {
        let mut value = EnumValue { name: self.graph.clone(), ..value.clone() };
        for (name, argument) in value.directives.iter_mut().flat_map(|directive| &mut directive.arguments) {
            if let ("name", Value::String(subgraph)) = (name.as_str(), argument) {
                subgraph.push_str(&format!("{COPY}{}", self.number));
            }
        }
        value
    }

    /// Only the type of the group can be looked up in the copy, by its keys together with what is required.
    fn add_to_type(&self, directives: &mut Vec<Directive>, is_parent: bool) {
        let mut joins = false;
        for mut copy in self.copies(directives) {
            if copy.name == "join__type" {
                match copy.arguments.iter_mut().find(|(name, _)| name == "key") {
                    Some((_, Value::String(key))) if is_parent => *key = format!("{key} {}", self.group.required),
                    _ if joins => continue,
                    _ => copy.arguments.retain(|(name, _)| name != "key"),
                }
                joins = true;
            }
            directives.push(copy);
        }
    }

    /// Fields that require something else cannot be resolved in the copy. Nor may objects of the group's type be met
    /// in it, for they come without what is required. `graphs` have the type, the copy among them.
    fn add_to_field(&self, field: &mut Field, is_parent: bool, graphs: &[Value]) {
        if can_be(self.schema, field, &self.group.parent) {
            let is_everywhere = !field.directives.iter().any(|directive| directive.name == "join__field");
            for graph in graphs.iter().filter(|graph| is_everywhere && **graph != Value::Enum(self.graph.clone())) {
                field.directives.push(Directive {
                    position: field.position,
                    name: "join__field".to_owned(),
                    arguments: vec![("graph".to_owned(), graph.clone())],
                });
            }
            return;
        }
        for mut copy in self.copies(&field.directives) {
            match argument(&copy, "requires") {
                Some(required) if is_parent && required == self.group.required => {
                    field.directives.retain(|known| !self.is_of_group(known));
                    copy.arguments.retain(|(name, _)| name != "requires" && name != "override");
                }
                Some(_) => continue,
                None => {}
            }
            field.directives.push(copy);
        }
    }

    fn is_of_group(&self, directive: &Directive) -> bool {
        argument(directive, "graph").as_ref() == Some(&self.group.graph)
            && argument(directive, "requires").as_ref() == Some(&self.group.required)
    }

    fn copy_all(&self, directives: &mut Vec<Directive>) {
        let copies = self.copies(directives);
        directives.extend(copies);
    }

    /// What is said of the subgraph, said of its copy.
    fn copies(&self, directives: &[Directive]) -> Vec<Directive> {
        let of_graph = directives.iter().filter(|it| argument(it, "graph").as_ref() == Some(&self.group.graph));
        let mut copies: Vec<Directive> = of_graph.cloned().collect();
        for (name, value) in copies.iter_mut().flat_map(|directive| &mut directive.arguments) {
            if name == "graph" {
                *value = Value::Enum(self.graph.clone());
            }
        }
        copies
    }
}

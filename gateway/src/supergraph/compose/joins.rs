//! What the library composes is completed here, from what the subgraphs declare. The library
//!
//! - gives a field the type of one subgraph where it has to be the common type of all, such as a union of which
//!   another subgraph names one member;
//! - writes no `@join__field` for a field of an interface, or of `Query`, that every subgraph has, and with it loses
//!   types, `@requires`, `@provides` and `@external`.

use std::collections::HashMap;

use federation_composition::graphql_core::{
    Argument, Definition, Directive, Document, FieldDefinition, Type, Value, print,
};

use super::{
    declared::{Declared, DeclaredField},
    output_type::Hierarchy,
};

const JOIN_FIELD: &str = "join__field";

/// What one graph, by its name in `join__Graph`, declares of a field.
struct Source<'d> {
    graph: &'d str,
    field: &'d DeclaredField,
    /// Objects only can require, provide or have a field of another subgraph; `@interfaceObject` is one.
    in_object: bool,
}

pub(super) fn complete(supergraph: &mut Document, declared: &[Declared]) {
    let graphs = graphs(supergraph, declared);
    let hierarchy = Hierarchy::new(supergraph);
    for definition in &mut supergraph.definitions {
        let (name, of_interface, directives, fields) = match definition {
            Definition::ObjectTypeDefinition(of) => (&of.name.value, false, &of.directives, &mut of.fields),
            Definition::InterfaceTypeDefinition(of) => (&of.name.value, true, &of.directives, &mut of.fields),
            _ => continue,
        };
        for field in fields {
            let sources = sources(name, &field.name.value, directives, &graphs);
            if sources.is_empty() {
                continue;
            }
            set_type(field, &sources, &hierarchy);
            if of_interface || name == "Query" {
                add_joins(field, &sources);
            }
            complete_joins(field, &sources, of_interface);
        }
    }
}

pub(super) fn graphs<'d>(supergraph: &Document, declared: &'d [Declared]) -> HashMap<String, &'d Declared> {
    let values = supergraph.definitions.iter().flat_map(|definition| match definition {
        Definition::EnumTypeDefinition(of) if of.name.value == "join__Graph" => of.values.as_slice(),
        _ => &[],
    });
    values
        .filter_map(|value| {
            let graph = value.directives.iter().find(|directive| directive.name.value == "join__graph")?;
            let Value::String(name) = argument(graph, "name")? else { return None };
            let declared = declared.iter().find(|declared| declared.subgraph == name.value)?;
            Some((value.name.value.clone(), declared))
        })
        .collect()
}

fn sources<'d>(
    parent: &str,
    field: &str,
    directives: &'d [Directive],
    graphs: &HashMap<String, &'d Declared>,
) -> Vec<Source<'d>> {
    let mut sources: Vec<Source<'_>> = Vec::new();
    for directive in directives.iter().filter(|directive| directive.name.value == "join__type") {
        let Some(graph) = graph_of(directive) else { continue };
        let Some(declared) = graphs.get(graph) else { continue };
        // A type has one `@join__type` for each of its keys.
        if let Some(field) = declared.field(parent, field)
            && sources.iter().all(|source| source.graph != graph)
        {
            sources.push(Source { graph, field, in_object: declared.is_object(parent) });
        }
    }
    sources
}

/// A subgraph that only refers to the field has no say in its type.
fn set_type(field: &mut FieldDefinition, sources: &[Source<'_>], hierarchy: &Hierarchy) {
    let owns = |source: &&Source<'_>| match joined(field, source.graph) {
        Some(join) => argument(join, "external") != Some(&Value::boolean(true)),
        None => !(source.in_object && source.field.external),
    };
    let types: Vec<&Type> = sources.iter().filter(owns).map(|source| &source.field.of_type).collect();
    if let Some(common) = hierarchy.common(&types) {
        field.ty = common;
    }
}

fn add_joins(field: &mut FieldDefinition, sources: &[Source<'_>]) {
    let plain = |source: &Source<'_>| source.field.of_type == field.ty && own_arguments(source).is_empty();
    if joins(field).next().is_some() || sources.iter().all(plain) {
        return;
    }
    field.directives.extend(sources.iter().map(|source| {
        let mut arguments = vec![Argument::new("graph", Value::enum_value(source.graph))];
        arguments.extend(own_arguments(source));
        Directive::new(JOIN_FIELD, arguments)
    }));
}

fn own_arguments(source: &Source<'_>) -> Vec<Argument> {
    if !source.in_object {
        return Vec::new();
    }
    let text = |name: &str, text: &Option<String>| Some(Argument::new(name, Value::string(text.as_ref()?)));
    let external = source.field.external.then(|| Argument::new("external", Value::boolean(true)));
    [text("requires", &source.field.requires), text("provides", &source.field.provides), external]
        .into_iter()
        .flatten()
        .collect()
}

/// Types that differ from the field's, and field sets as they were written before [`super::field_sets`].
fn complete_joins(field: &mut FieldDefinition, sources: &[Source<'_>], of_interface: bool) {
    for join in field.directives.iter_mut().filter(|directive| directive.name.value == JOIN_FIELD) {
        let Some(source) = sources.iter().find(|source| graph_of(join) == Some(source.graph)) else { continue };
        for own in own_arguments(source) {
            match argument_mut(join, &own.name.value) {
                Some(value) => *value = own.value,
                // Elsewhere the library has its reasons, such as an `@external` that Federation 1 wanted on keys.
                None if of_interface => join.arguments.push(own),
                None => {}
            }
        }
        if source.field.of_type != field.ty && argument(join, "type").is_none() {
            join.arguments.push(Argument::new("type", Value::string(print(&source.field.of_type))));
        }
    }
}

fn joins(field: &FieldDefinition) -> impl Iterator<Item = &Directive> {
    field.directives.iter().filter(|directive| directive.name.value == JOIN_FIELD)
}

fn joined<'f>(field: &'f FieldDefinition, graph: &str) -> Option<&'f Directive> {
    joins(field).find(|directive| graph_of(directive) == Some(graph))
}

pub(super) fn graph_of(directive: &Directive) -> Option<&str> {
    match argument(directive, "graph")? {
        Value::Enum(graph) => Some(&graph.value),
        _ => None,
    }
}

pub(super) fn argument<'d>(directive: &'d Directive, name: &str) -> Option<&'d Value> {
    directive.arguments.iter().find(|argument| argument.name.value == name).map(|argument| &argument.value)
}

fn argument_mut<'d>(directive: &'d mut Directive, name: &str) -> Option<&'d mut Value> {
    directive.arguments.iter_mut().find(|argument| argument.name.value == name).map(|argument| &mut argument.value)
}

//! What has to hold of an interface with keys and is not checked by the library: that a subgraph with a key of the
//! interface can tell of each of its objects what it is, and that one that has it as `@interfaceObject` cannot of any.

use std::collections::BTreeSet;

use federation_composition::graphql_core::{
    Definition, Directive, Document, InterfaceTypeDefinition, ObjectTypeDefinition, Value,
};

use super::{
    declared::Declared,
    joins::{argument, graph_of, graphs},
};

/// One message for each fault, as Apollo's composition has it, with its code.
pub(super) fn faults(supergraph: &Document, declared: &[Declared]) -> Vec<String> {
    let graphs = graphs(supergraph, declared);
    let mut faults = Vec::new();
    for definition in &supergraph.definitions {
        let Definition::InterfaceTypeDefinition(interface) = definition else { continue };
        let objects = objects(supergraph, interface);
        for join in of_name(&interface.directives, "join__type") {
            let Some(subgraph) = graph_of(join).and_then(|graph| graphs.get(graph)) else { continue };
            if is_true(join, "isInterfaceObject") {
                faults.extend(known_objects(interface, &objects, join, subgraph));
                faults.extend(overrides(interface, subgraph));
            } else {
                faults.extend(unknown_objects(interface, &objects, join, subgraph));
            }
        }
    }
    // A type with two keys has two joins.
    let mut seen = BTreeSet::new();
    faults.retain(|fault| seen.insert(fault.clone()));
    faults
}

fn objects<'d>(supergraph: &'d Document, interface: &InterfaceTypeDefinition) -> Vec<&'d ObjectTypeDefinition> {
    let objects = supergraph.definitions.iter().filter_map(|definition| match definition {
        Definition::ObjectTypeDefinition(object) => Some(object),
        _ => None,
    });
    objects.filter(|object| object.interfaces.iter().any(|of| of.name == interface.name)).collect()
}

fn known_objects(
    interface: &InterfaceTypeDefinition,
    objects: &[&ObjectTypeDefinition],
    join: &Directive,
    subgraph: &Declared,
) -> Option<String> {
    let is_known = |object: &ObjectTypeDefinition| {
        of_name(&object.directives, "join__type").any(|of_object| graph_of(of_object) == graph_of(join))
    };
    let known = objects.iter().find(|object| is_known(object))?;
    let (interface, subgraph, object) = (&interface.name.value, &subgraph.subgraph, &known.name.value);
    Some(format!(
        "INTERFACE_OBJECT_USAGE_ERROR: [{subgraph}] Interface type \"{interface}\" is defined as an @interfaceObject in \
         subgraph \"{subgraph}\" so that subgraph should not define any of the implementation types of \"{interface}\", \
         but it defines type \"{object}\""
    ))
}

fn overrides(interface: &InterfaceTypeDefinition, subgraph: &Declared) -> Option<String> {
    let parent = &interface.name.value;
    let field = interface
        .fields
        .iter()
        .map(|field| &field.name.value)
        .find(|field| subgraph.field(parent, field).is_some_and(|declared| declared.overrides))?;
    let subgraph = &subgraph.subgraph;
    Some(format!(
        "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE: @override is not yet supported on fields of @interfaceObject types: \
         cannot be used on field \"{parent}.{field}\" on subgraph \"{subgraph}\"."
    ))
}

fn unknown_objects(
    interface: &InterfaceTypeDefinition,
    objects: &[&ObjectTypeDefinition],
    join: &Directive,
    subgraph: &Declared,
) -> Option<String> {
    let Value::String(key) = argument(join, "key")? else { return None };
    if argument(join, "resolvable") == Some(&Value::boolean(false)) {
        return None;
    }
    let known = subgraph.objects(&interface.name.value);
    let unknown = objects.iter().find(|object| !known.contains(object.name.value.as_str()))?;
    let (interface, subgraph, object) = (&interface.name.value, &subgraph.subgraph, &unknown.name.value);
    Some(format!(
        "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE: [{subgraph}] Interface type \"{interface}\" has a resolvable key \
         (@key(fields: \"{}\")) in subgraph \"{subgraph}\" but that subgraph is missing some of the supergraph \
         implementation types of \"{interface}\". Subgraph \"{subgraph}\" should define type \"{object}\" (and have it \
         implement \"{interface}\").",
        key.value
    ))
}

fn of_name<'d>(directives: &'d [Directive], name: &str) -> impl Iterator<Item = &'d Directive> {
    directives.iter().filter(move |directive| directive.name.value == name)
}

fn is_true(directive: &Directive, name: &str) -> bool {
    argument(directive, name) == Some(&Value::boolean(true))
}

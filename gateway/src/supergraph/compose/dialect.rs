//! Schemas that Apollo's composition accepts, said in the way in which the library accepts them too.

use std::collections::HashMap;

use federation_composition::graphql_core::{
    Argument, Definition, Directive, Document, NamedType, OperationType, OperationTypeDefinition, Type, Value,
};

const FEDERATION: &str = "https://specs.apollo.dev/federation/v2.";
/// The last minor version that the library knows; those up to [`LAST`] changed nothing that this gateway executes.
const KNOWN: u32 = 9;
const LAST: u32 = 14;

pub(super) fn translate(document: &mut Document) {
    for definition in &mut document.definitions {
        match definition {
            Definition::SchemaDefinition(schema) => lower_version(&mut schema.directives),
            Definition::SchemaExtension(schema) => lower_version(&mut schema.directives),
            _ => {}
        }
    }
    rename_roots(document);
}

fn lower_version(directives: &mut [Directive]) {
    let links = directives.iter_mut().filter(|directive| directive.name.value == "link");
    for Argument { value, .. } in links.flat_map(|link| &mut link.arguments) {
        if let Value::String(url) = value
            && let Some(minor) = url.value.strip_prefix(FEDERATION).and_then(|minor| minor.parse::<u32>().ok())
            && (KNOWN + 1..=LAST).contains(&minor)
        {
            url.value = format!("{FEDERATION}{KNOWN}");
        }
    }
}

/// Root types have their default names in a supergraph.
fn rename_roots(document: &mut Document) {
    let mut names: HashMap<String, &'static str> = HashMap::new();
    for operation in document.definitions.iter_mut().flat_map(operations) {
        let default = match operation.operation {
            OperationType::Query => "Query",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => "Subscription",
        };
        names.insert(operation.ty.name.value.clone(), default);
    }
    names.retain(|name, default| name != default);
    let taken =
        |definition: &Definition| definition.name().is_some_and(|name| names.values().any(|n| *n == name.value));
    // Another type of that name is an error of the subgraph, and the library's to report.
    if names.is_empty() || document.definitions.iter().any(taken) {
        return;
    }
    let rename = |name: &mut String| {
        if let Some(default) = names.get(name) {
            *name = (*default).to_owned();
        }
    };
    for definition in &mut document.definitions {
        operations(definition).iter_mut().for_each(|operation| rename(&mut operation.ty.name.value));
        match definition {
            Definition::ObjectTypeDefinition(object) => rename(&mut object.name.value),
            Definition::ObjectTypeExtension(object) => rename(&mut object.name.value),
            Definition::UnionTypeDefinition(union) => members(&mut union.types, rename),
            Definition::UnionTypeExtension(union) => members(&mut union.types, rename),
            _ => {}
        }
        output_types(definition, rename);
    }
}

fn members(types: &mut [NamedType], rename: impl Fn(&mut String)) {
    types.iter_mut().for_each(|member| rename(&mut member.name.value));
}

fn operations(definition: &mut Definition) -> &mut [OperationTypeDefinition] {
    match definition {
        Definition::SchemaDefinition(schema) => &mut schema.operation_types,
        Definition::SchemaExtension(schema) => &mut schema.operation_types,
        _ => &mut [],
    }
}

/// Calls back with the name of each field's type.
pub(super) fn output_types(definition: &mut Definition, mut visit: impl FnMut(&mut String)) {
    let fields = match definition {
        Definition::ObjectTypeDefinition(of) => &mut of.fields,
        Definition::ObjectTypeExtension(of) => &mut of.fields,
        Definition::InterfaceTypeDefinition(of) => &mut of.fields,
        Definition::InterfaceTypeExtension(of) => &mut of.fields,
        _ => return,
    };
    fields.iter_mut().for_each(|field| visit(named_mut(&mut field.ty)));
}

fn named_mut(of_type: &mut Type) -> &mut String {
    match of_type {
        Type::Named(named) => &mut named.name.value,
        Type::List(list) => named_mut(&mut list.ty),
        Type::NonNull(inner) => named_mut(&mut inner.ty),
    }
}

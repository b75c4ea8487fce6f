//! The API schema: the supergraph without the machinery of federation and without what is `@inaccessible`.

use std::collections::HashSet;

use federation_composition::{
    graphql_core::{self, Definition as PublicDefinition},
    transform_supergraph_to_public_schema,
};
use graphql_tools::{
    parser::parse_schema,
    static_graphql::schema::{Definition, Document, Field, TypeDefinition},
};

use super::SupergraphError;
use crate::schema::{Schema, type_name};

/// Introspection types and built-in scalars and directives (GraphQL specification, September 2025, section 4.2).
const BUILT_IN: &str = include_str!("built_in.graphql");

/// The fields of the introspection schema on the query root; they are not listed by introspection itself.
const ROOT_FIELDS: &str = "type Query { __schema: __Schema! __type(name: String!): __Type }";

pub(super) fn sdl(supergraph: &str, full: &Schema) -> Result<String, SupergraphError> {
    let document = graphql_core::parse(supergraph).map_err(|error| SupergraphError::Unreadable(error.message))?;
    let mut public = transform_supergraph_to_public_schema(&document)
        .map_err(|error| SupergraphError::ApiSchema(error.to_string()))?;
    drop_inaccessible_members(&mut public);
    Ok(schema_definition(full) + &graphql_core::print(&public) + "\n")
}

/// The library takes away inaccessible types, and leaves their names in unions.
fn drop_inaccessible_members(public: &mut graphql_core::Document) {
    let objects: HashSet<String> = public
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            PublicDefinition::ObjectTypeDefinition(object) => Some(object.name.value.clone()),
            _ => None,
        })
        .collect();
    for definition in &mut public.definitions {
        if let PublicDefinition::UnionTypeDefinition(union) = definition {
            union.types.retain(|member| objects.contains(&member.name.value));
        }
    }
}

/// Empty where the root types have their default names, as printed schemas usually are.
fn schema_definition(full: &Schema) -> String {
    let roots = [
        ("query", "Query", Some(&full.query)),
        ("mutation", "Mutation", full.mutation.as_ref()),
        ("subscription", "Subscription", full.subscription.as_ref()),
    ];
    if roots.iter().all(|(_, default, name)| name.is_none_or(|name| name == default)) {
        return String::new();
    }
    let operations: String =
        roots.iter().filter_map(|(operation, _, name)| Some(format!("  {operation}: {}\n", (*name)?))).collect();
    format!("schema {{\n{operations}}}\n\n")
}

pub(super) fn schema(api_sdl: &str) -> Result<Schema, SupergraphError> {
    let mut document = parse(api_sdl)?;
    for built_in in parse(BUILT_IN)?.definitions {
        if !document.definitions.iter().any(|known| same(known, &built_in)) {
            document.definitions.push(built_in);
        }
    }
    let query = document.query_type_name().cloned().unwrap_or_default();
    for definition in &mut document.definitions {
        if let Definition::TypeDefinition(TypeDefinition::Object(object)) = definition
            && object.name == query
        {
            object.fields.extend(root_fields()?);
        }
    }
    Ok(Schema::new(document))
}

fn root_fields() -> Result<Vec<Field>, SupergraphError> {
    Ok(Schema::new(parse(ROOT_FIELDS)?)
        .get("Query")
        .map(|query| crate::schema::fields(query).to_vec())
        .unwrap_or_default())
}

fn same(left: &Definition<'static, String>, right: &Definition<'static, String>) -> bool {
    match (left, right) {
        (Definition::TypeDefinition(left), Definition::TypeDefinition(right)) => type_name(left) == type_name(right),
        (Definition::DirectiveDefinition(left), Definition::DirectiveDefinition(right)) => left.name == right.name,
        _ => false,
    }
}

fn parse(sdl: &str) -> Result<Document, SupergraphError> {
    Ok(parse_schema::<String>(sdl).map_err(|error| SupergraphError::ApiSchema(error.to_string()))?.into_static())
}

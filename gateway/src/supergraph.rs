//! The composed graph: what the subgraphs offer together, and the part of it that clients may see.

mod api;
mod compose;
mod required;

use std::collections::{BTreeSet, HashMap, HashSet};

use graphql_tools::{
    parser::parse_schema,
    static_graphql::schema::{Directive, Document, TypeDefinition, Value},
};
use thiserror::Error;

use crate::{
    authorize::Requirements,
    schema::{self, Schema},
};

/// One subgraph as composition reads it.
#[derive(Debug, Clone)]
pub struct SubgraphSource {
    pub name: String,
    /// Where its operations are sent.
    pub url: String,
    pub sdl: String,
}

#[derive(Debug, Error)]
pub enum SupergraphError {
    #[error("the supergraph cannot be parsed: {0}")]
    Unreadable(String),
    #[error("this is no supergraph: it has no enum join__Graph")]
    NotASupergraph,
    #[error("the schema of subgraph {subgraph} cannot be parsed: {message}")]
    UnreadableSubgraph { subgraph: String, message: String },
    #[error("the subgraphs do not compose:\n{}", .0.join("\n"))]
    Composition(Vec<String>),
    #[error("the API schema cannot be derived: {0}")]
    ApiSchema(String),
}

/// A supergraph, its API schema, and what both say that neither planning nor validation looks at.
#[derive(Debug)]
pub struct Supergraph {
    sdl: String,
    api_sdl: String,
    subgraphs: Vec<(String, String)>,
    /// Every type, the inaccessible ones too: what subgraphs may answer with.
    pub(crate) full: Schema,
    /// What clients see, with the introspection types.
    pub(crate) api: Schema,
    pub(crate) requirements: Requirements,
    field_types: HashMap<String, HashMap<String, BTreeSet<String>>>,
    behind_interface_objects: HashSet<String>,
    key_prefix: String,
    required_with_arguments: HashSet<String>,
}

impl Supergraph {
    pub fn from_sdl(sdl: &str) -> Result<Self, SupergraphError> {
        let document: Document =
            parse_schema::<String>(sdl).map_err(|error| SupergraphError::Unreadable(error.to_string()))?.into_static();
        let full = Schema::new(document);
        let subgraphs = subgraphs(&full);
        if subgraphs.is_empty() {
            return Err(SupergraphError::NotASupergraph);
        }
        let api_sdl = api::sdl(sdl, &full)?;
        Ok(Self {
            api: api::schema(&api_sdl)?,
            requirements: Requirements::new(&full),
            field_types: field_types(&full),
            behind_interface_objects: behind_interface_objects(&full),
            key_prefix: key_prefix(&full),
            required_with_arguments: required::with_arguments(&full),
            sdl: sdl.to_owned(),
            api_sdl,
            subgraphs,
            full,
        })
    }

    /// Composes subgraph schemas; the error lists everything that keeps them apart.
    pub fn compose(subgraphs: &[SubgraphSource]) -> Result<Self, SupergraphError> {
        Self::from_sdl(&compose::compose(subgraphs)?)
    }

    pub fn sdl(&self) -> &str {
        &self.sdl
    }

    pub fn api_sdl(&self) -> String {
        self.api_sdl.clone()
    }

    /// Names and routing addresses.
    pub fn subgraphs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.subgraphs.iter().map(|(name, url)| (name.as_str(), url.as_str()))
    }

    /// The types that the subgraphs give to a field, which can differ in nullability.
    pub(crate) fn types_of(&self, parent: &str, field: &str) -> Option<&BTreeSet<String>> {
        self.field_types.get(parent)?.get(field)
    }

    /// With which response keys of the gateway's own begin, and no name of a field.
    pub(crate) fn key_prefix(&self) -> &str {
        &self.key_prefix
    }

    /// Whether a field of this name is an input of another field, for certain arguments.
    pub(crate) fn is_required_with_arguments(&self, field: &str) -> bool {
        self.required_with_arguments.contains(field)
    }

    /// Whether some subgraph has objects of this interface without knowing their types (`@interfaceObject`).
    pub(crate) fn is_behind_interface_object(&self, name: &str) -> bool {
        self.behind_interface_objects.contains(name)
    }
}

fn subgraphs(full: &Schema) -> Vec<(String, String)> {
    full.get("join__Graph")
        .map(schema::enum_values)
        .unwrap_or_default()
        .iter()
        .filter_map(|value| {
            let graph = value.directives.iter().find(|d| d.name == "join__graph")?;
            Some((string(graph, "name")?, string(graph, "url").unwrap_or_default()))
        })
        .collect()
}

fn field_types(full: &Schema) -> HashMap<String, HashMap<String, BTreeSet<String>>> {
    full.types()
        .filter(|definition| !matches!(definition, TypeDefinition::InputObject(_)))
        .map(|definition| {
            let fields = schema::fields(definition).iter().map(|field| {
                let overridden = field.directives.iter().filter(|d| d.name == "join__field");
                let types = std::iter::once(field.field_type.to_string())
                    .chain(overridden.filter_map(|directive| string(directive, "type")))
                    .collect();
                (field.name.clone(), types)
            });
            (schema::type_name(definition).to_owned(), fields.collect())
        })
        .collect()
}

fn behind_interface_objects(full: &Schema) -> HashSet<String> {
    let interfaces = full.types().filter_map(|definition| match definition {
        TypeDefinition::Interface(interface) => Some(interface),
        _ => None,
    });
    interfaces
        .filter(|interface| interface.directives.iter().any(is_interface_object))
        .flat_map(|interface| std::iter::once(&interface.name).chain(&interface.implements_interfaces))
        .cloned()
        .collect()
}

fn key_prefix(full: &Schema) -> String {
    let mut prefix = "_m".to_owned();
    while full.types().flat_map(schema::fields).any(|field| field.name.starts_with(&prefix)) {
        prefix.insert(0, '_');
    }
    prefix
}

fn is_interface_object(directive: &Directive) -> bool {
    let argument = ("isInterfaceObject".to_owned(), Value::Boolean(true));
    directive.name == "join__type" && directive.arguments.contains(&argument)
}

fn string(directive: &Directive, argument: &str) -> Option<String> {
    directive.arguments.iter().find_map(|(name, value)| match value {
        Value::String(text) if name == argument => Some(text.clone()),
        _ => None,
    })
}

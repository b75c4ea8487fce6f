//! `@authenticated`, `@requiresScopes` and `@policy`, which every field that they protect is held to before planning.

use std::collections::{BTreeSet, HashMap};

use graphql_tools::static_graphql::schema::{Definition, Directive, TypeDefinition, Value};

use crate::{
    error::{GraphqlError, PathSegment, code},
    operation::{Operation, OperationKind, Selection, SelectionSet},
    request::Caller,
    schema::{self, Schema},
};

/// What each protected field asks of a caller, by type and field name.
#[derive(Debug, Default)]
pub(crate) struct Requirements(HashMap<String, HashMap<String, Vec<Requirement>>>);

#[derive(Debug, Clone, PartialEq)]
enum Requirement {
    Authenticated,
    /// One of the sets is enough, of which every scope is needed.
    Scopes(Vec<BTreeSet<String>>),
    /// Decided by policies that this gateway has no way to evaluate: refused to everybody.
    Policy,
}

/// The fields that one caller may not see.
#[derive(Debug, Default)]
pub(crate) struct Denied<'a>(HashMap<(&'a str, &'a str), Denial>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denial {
    /// A valid token might help.
    Unauthenticated,
    Forbidden,
}

impl Denial {
    pub(crate) fn error(self) -> GraphqlError {
        match self {
            Self::Unauthenticated => {
                GraphqlError::new(code::UNAUTHENTICATED, "This field needs a caller who is signed in.")
            }
            Self::Forbidden => GraphqlError::new(code::FORBIDDEN, "The caller is not allowed to use this field."),
        }
    }
}

impl Requirements {
    pub(crate) fn new(full: &Schema) -> Self {
        let names = DirectiveNames::new(full);
        let of_types: HashMap<&str, Vec<Requirement>> = full
            .types()
            .map(|definition| (schema::type_name(definition), names.read(directives(definition))))
            .collect();
        let of_type = |name: &str| of_types.get(name).cloned().unwrap_or_default();
        let mut requirements = HashMap::new();
        for definition in full.types() {
            let parent = schema::type_name(definition);
            let fields: HashMap<_, _> = schema::fields(definition)
                .iter()
                .map(|field| {
                    let mut needed = names.read(&field.directives);
                    needed.extend(of_type(parent));
                    needed.extend(of_type(schema::named(&field.field_type)));
                    (field.name.clone(), needed)
                })
                .filter(|(_, needed)| !needed.is_empty())
                .collect();
            if !fields.is_empty() {
                requirements.insert(parent.to_owned(), fields);
            }
        }
        Self(requirements)
    }

    pub(crate) fn denied_to(&self, caller: &Caller) -> Denied<'_> {
        let mut denied = HashMap::new();
        for (parent, fields) in &self.0 {
            for (field, needed) in fields {
                if !needed.iter().all(|requirement| requirement.met_by(caller)) {
                    let denial = if caller.authenticated { Denial::Forbidden } else { Denial::Unauthenticated };
                    denied.insert((parent.as_str(), field.as_str()), denial);
                }
            }
        }
        Denied(denied)
    }
}

impl Denied<'_> {
    pub(crate) fn get(&self, parent: &str, field: &str) -> Option<Denial> {
        self.0.get(&(parent, field)).copied()
    }
}

/// Why an operation is refused as a whole. Of a mutation nothing is executed if the caller may not execute every root
/// field, for the client meant all of it; of a subscription there is nothing else.
pub(crate) fn refusals(operation: &Operation, denied: &Denied<'_>) -> Vec<GraphqlError> {
    let mut errors = Vec::new();
    if operation.kind != OperationKind::Query {
        refuse(&operation.set, denied, &mut errors);
    }
    errors
}

fn refuse(set: &SelectionSet, denied: &Denied<'_>, errors: &mut Vec<GraphqlError>) {
    for selection in &set.selections {
        match selection {
            Selection::Fragment(inner) => refuse(inner, denied, errors),
            Selection::Field(field) => {
                let denial = denied.get(&field.parent, &field.name);
                let path = vec![PathSegment::Key(field.response_key.clone())];
                errors.extend(denial.map(|denial| denial.error().at(path)));
            }
        }
    }
}

impl Requirement {
    fn met_by(&self, caller: &Caller) -> bool {
        match self {
            Self::Authenticated => caller.authenticated,
            Self::Scopes(sets) => caller.authenticated && sets.iter().any(|set| set.is_subset(&caller.scopes)),
            Self::Policy => false,
        }
    }
}

/// The directives under the names that the supergraph's `@link`s give to them.
struct DirectiveNames {
    authenticated: String,
    requires_scopes: String,
    policy: String,
}

impl DirectiveNames {
    fn new(full: &Schema) -> Self {
        Self {
            authenticated: linked(full, "authenticated"),
            requires_scopes: linked(full, "requiresScopes"),
            policy: linked(full, "policy"),
        }
    }

    fn read(&self, directives: &[Directive]) -> Vec<Requirement> {
        directives
            .iter()
            .filter_map(|directive| match &directive.name {
                name if *name == self.authenticated => Some(Requirement::Authenticated),
                name if *name == self.requires_scopes => Some(Requirement::Scopes(scopes(directive))),
                name if *name == self.policy => Some(Requirement::Policy),
                _ => None,
            })
            .collect()
    }
}

fn linked(full: &Schema, spec: &str) -> String {
    let renamed = full.document.definitions.iter().find_map(|definition| {
        let Definition::SchemaDefinition(definition) = definition else {
            return None;
        };
        definition.directives.iter().find_map(|link| {
            let argument = |name: &str| link.arguments.iter().find(|(key, _)| key == name);
            match (argument("url"), argument("as")) {
                (Some((_, Value::String(url))), Some((_, Value::String(alias))))
                    if url.contains(&format!("/{spec}/")) =>
                {
                    Some(alias.clone())
                }
                _ => None,
            }
        })
    });
    renamed.unwrap_or_else(|| spec.to_owned())
}

/// A malformed argument gives no set at all, which nobody satisfies.
fn scopes(directive: &Directive) -> Vec<BTreeSet<String>> {
    let Some((_, Value::List(sets))) = directive.arguments.iter().find(|(name, _)| name == "scopes") else {
        return Vec::new();
    };
    sets.iter()
        .filter_map(|set| match set {
            Value::List(scopes) => scopes.iter().map(text).collect(),
            _ => None,
        })
        .collect()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn directives(definition: &TypeDefinition) -> &[Directive] {
    match definition {
        TypeDefinition::Scalar(definition) => &definition.directives,
        TypeDefinition::Object(definition) => &definition.directives,
        TypeDefinition::Interface(definition) => &definition.directives,
        TypeDefinition::Union(definition) => &definition.directives,
        TypeDefinition::Enum(definition) => &definition.directives,
        TypeDefinition::InputObject(definition) => &definition.directives,
    }
}

//! `@authenticated`, `@requiresScopes` and `@policy`, which every field that they protect is held to before planning.

use std::collections::{BTreeSet, HashMap};

use graphql_tools::static_graphql::schema::{Definition, Directive, TypeDefinition, Value};

use crate::{
    error::{GraphqlError, PathSegment, code},
    operation::{Field, Operation, OperationKind, Selection, SelectionSet},
    request::Caller,
    schema::{self, Schema},
};

/// What each protected field asks of a caller.
#[derive(Debug, Default)]
pub(crate) struct Requirements {
    /// By type and field name the position among the `distinct` ones.
    fields: HashMap<String, HashMap<String, usize>>,
    /// All that one field asks. Most fields ask the same as others.
    distinct: Vec<Vec<Requirement>>,
}

#[derive(Debug, Clone, PartialEq)]
enum Requirement {
    Authenticated,
    /// One of the sets is enough, of which every scope is needed.
    Scopes(Vec<BTreeSet<String>>),
    /// Decided by policies that this gateway has no way to evaluate: refused to everybody.
    Policy,
}

/// What one caller may not see. Equal for callers who may see the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Denied {
    /// For each distinct requirement whether the caller falls short of it; empty for one who may see everything.
    unmet: Vec<bool>,
    denial: Denial,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) enum Denial {
    /// A valid token might help.
    #[default]
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
        let mut requirements = Self::default();
        for definition in full.types() {
            let parent = schema::type_name(definition);
            for field in schema::fields(definition) {
                let mut needed = names.read(&field.directives);
                needed.extend(of_type(parent));
                needed.extend(of_type(schema::named(&field.field_type)));
                if !needed.is_empty() {
                    requirements.add(parent, &field.name, needed);
                }
            }
        }
        requirements
    }

    fn add(&mut self, parent: &str, field: &str, needed: Vec<Requirement>) {
        let position = self.distinct.iter().position(|known| *known == needed).unwrap_or(self.distinct.len());
        if position == self.distinct.len() {
            self.distinct.push(needed);
        }
        self.fields.entry(parent.to_owned()).or_default().insert(field.to_owned(), position);
    }

    fn of(&self, parent: &str, field: &str) -> Option<usize> {
        self.fields.get(parent)?.get(field).copied()
    }

    pub(crate) fn denied_to(&self, caller: &Caller) -> Denied {
        let is_unmet = |needed: &Vec<Requirement>| !needed.iter().all(|requirement| requirement.met_by(caller));
        let unmet: Vec<bool> = self.distinct.iter().map(is_unmet).collect();
        if !unmet.contains(&true) {
            return Denied::default();
        }
        Denied { unmet, denial: if caller.authenticated { Denial::Forbidden } else { Denial::Unauthenticated } }
    }

    pub(crate) fn denial(&self, denied: &Denied, parent: &str, field: &str) -> Option<Denial> {
        let unmet = denied.unmet.get(self.of(parent, field)?).copied().unwrap_or_default();
        unmet.then_some(denied.denial)
    }

    /// Whether everybody may see the field, on whatever object it is.
    pub(crate) fn is_open(&self, parent: &str, field: &str, full: &Schema) -> bool {
        let objects = full.possible_types(parent);
        std::iter::once(parent).chain(objects).all(|parent| self.of(parent, field).is_none())
    }
}

/// Why an operation is refused as a whole. Of a mutation nothing is executed if the caller may not execute every root
/// field, for the client meant all of it; of a subscription there is nothing else.
pub(crate) fn refusals(operation: &Operation, requirements: &Requirements, denied: &Denied) -> Vec<GraphqlError> {
    let mut errors = Vec::new();
    if operation.kind != OperationKind::Query {
        refuse(&operation.set, &|field| requirements.denial(denied, &field.parent, &field.name), &mut errors);
    }
    errors
}

fn refuse(set: &SelectionSet, denial: &dyn Fn(&Field) -> Option<Denial>, errors: &mut Vec<GraphqlError>) {
    for selection in &set.selections {
        match selection {
            Selection::Fragment(inner) => refuse(inner, denial, errors),
            Selection::Field(field) => {
                let path = vec![PathSegment::Key(field.response_key.clone())];
                errors.extend(denial(field).map(|denial| denial.error().at(path)));
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

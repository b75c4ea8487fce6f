//! The client's operation after validation: typed, fragments resolved, `@skip` and `@include` applied.
//!
//! Responses are projected from this; subgraphs see only what [`crate::canonical`] makes of it.

use std::{collections::HashMap, sync::Arc};

use graphql_tools::{
    parser::Pos,
    static_graphql::query::{
        self, Definition, Directive, Document, FragmentDefinition, OperationDefinition, Type, TypeCondition, Value,
        VariableDefinition,
    },
};

use crate::{
    error::{GraphqlError, code},
    schema::{Schema, named},
    variables::Variables,
};

pub(crate) type Name = Arc<str>;

pub(crate) const TYPENAME: &str = "__typename";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OperationKind {
    Query,
    Mutation,
    Subscription,
}

impl OperationKind {
    pub(crate) fn of(definition: &OperationDefinition) -> Self {
        match definition {
            OperationDefinition::SelectionSet(_) | OperationDefinition::Query(_) => Self::Query,
            OperationDefinition::Mutation(_) => Self::Mutation,
            OperationDefinition::Subscription(_) => Self::Subscription,
        }
    }

    pub(crate) fn keyword(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) kind: OperationKind,
    pub(crate) set: Arc<SelectionSet>,
    pub(crate) variables: Vec<VariableDefinition>,
}

#[derive(Debug)]
pub(crate) struct SelectionSet {
    pub(crate) parent: Name,
    pub(crate) selections: Vec<Selection>,
}

#[derive(Debug)]
pub(crate) enum Selection {
    Field(Arc<Field>),
    Fragment(Arc<SelectionSet>),
}

#[derive(Debug)]
pub(crate) struct Field {
    /// The type that declares the field where it is selected: an object, an interface or a union (`__typename`).
    pub(crate) parent: Name,
    pub(crate) name: Name,
    pub(crate) response_key: Name,
    pub(crate) arguments: Vec<(String, Value)>,
    pub(crate) field_type: Type,
    /// Selections of a composite type, none of a leaf.
    pub(crate) set: Option<Arc<SelectionSet>>,
}

impl Field {
    /// Answered by the gateway from the API schema.
    pub(crate) fn is_introspection(&self) -> bool {
        matches!(&*self.name, "__schema" | "__type")
    }
}

/// The operation that a request means (specification, section 6.1, `GetOperation`).
pub(crate) fn select<'a>(
    document: &'a Document,
    name: Option<&str>,
) -> Result<&'a OperationDefinition, Vec<GraphqlError>> {
    let mut operations = document.definitions.iter().filter_map(|definition| match definition {
        Definition::Operation(operation) => Some(operation),
        Definition::Fragment(_) => None,
    });
    let selected = match name {
        Some(wanted) => operations
            .find(|operation| operation_name(operation) == Some(wanted))
            .ok_or("The document has no operation of the requested name."),
        None => match (operations.next(), operations.next()) {
            (Some(operation), None) => Ok(operation),
            (None, _) => Err("The document has no operation."),
            _ => Err("The document has several operations, so operationName is needed."),
        },
    };
    selected.map_err(|message| vec![GraphqlError::new(code::OPERATION_RESOLUTION_FAILURE, message)])
}

fn operation_name(operation: &OperationDefinition) -> Option<&str> {
    match operation {
        OperationDefinition::SelectionSet(_) => None,
        OperationDefinition::Query(operation) => operation.name.as_deref(),
        OperationDefinition::Mutation(operation) => operation.name.as_deref(),
        OperationDefinition::Subscription(operation) => operation.name.as_deref(),
    }
}

impl Operation {
    /// Needs a valid document and coerced variables; what does not resolve all the same is left out.
    pub(crate) fn new(
        document: &Document,
        definition: &OperationDefinition,
        schema: &Schema,
        variables: &Variables,
    ) -> Self {
        let kind = OperationKind::of(definition);
        let mut builder = Builder::new(document, schema, variables);
        let root = Name::from(schema.root(kind).unwrap_or_default());
        Self {
            kind,
            set: builder.set(&root, definition.selection_set()),
            variables: definition.variable_definitions().to_vec(),
        }
    }
}

struct Builder<'a> {
    schema: &'a Schema,
    variables: &'a Variables,
    fragments: HashMap<&'a str, &'a FragmentDefinition>,
    /// A fragment means the same wherever it is spread, so it is built once.
    built: HashMap<&'a str, Arc<SelectionSet>>,
}

impl<'a> Builder<'a> {
    fn new(document: &'a Document, schema: &'a Schema, variables: &'a Variables) -> Self {
        let fragments = document
            .definitions
            .iter()
            .filter_map(|definition| match definition {
                Definition::Fragment(fragment) => Some((fragment.name.as_str(), fragment)),
                Definition::Operation(_) => None,
            })
            .collect();
        Self { schema, variables, fragments, built: HashMap::new() }
    }

    /// Without fragments of which everything is skipped: nothing depends on whether an object is of their type.
    fn set(&mut self, parent: &Name, set: &'a query::SelectionSet) -> Arc<SelectionSet> {
        let selections = set.items.iter().filter_map(|selection| self.selection(parent, selection));
        let says_something = |selection: &Selection| match selection {
            Selection::Fragment(set) => !set.selections.is_empty(),
            Selection::Field(_) => true,
        };
        let selections = selections.filter(says_something).collect();
        Arc::new(SelectionSet { parent: parent.clone(), selections })
    }

    fn selection(&mut self, parent: &Name, selection: &'a query::Selection) -> Option<Selection> {
        match selection {
            query::Selection::Field(field) => self
                .included(&field.directives)
                .then(|| self.field(parent, field))?
                .map(|field| Selection::Field(Arc::new(field))),
            query::Selection::InlineFragment(fragment) => self.included(&fragment.directives).then(|| {
                let condition = match &fragment.type_condition {
                    Some(TypeCondition::On(name)) => Name::from(name.as_str()),
                    None => parent.clone(),
                };
                Selection::Fragment(self.set(&condition, &fragment.selection_set))
            }),
            query::Selection::FragmentSpread(spread) => self
                .included(&spread.directives)
                .then(|| self.fragment(&spread.fragment_name))?
                .map(Selection::Fragment),
        }
    }

    fn fragment(&mut self, name: &str) -> Option<Arc<SelectionSet>> {
        let fragment = *self.fragments.get(name)?;
        if let Some(built) = self.built.get(name) {
            return Some(built.clone());
        }
        let TypeCondition::On(condition) = &fragment.type_condition;
        let set = self.set(&Name::from(condition.as_str()), &fragment.selection_set);
        self.built.insert(&fragment.name, set.clone());
        Some(set)
    }

    fn field(&mut self, parent: &Name, field: &'a query::Field) -> Option<Field> {
        let field_type = match field.name.as_str() {
            TYPENAME => Type::NonNullType(Box::new(Type::NamedType("String".to_owned()))),
            name => self.schema.field(parent, name)?.field_type.clone(),
        };
        let name = Name::from(field.name.as_str());
        let inner = Name::from(named(&field_type));
        let set = self.schema.is_composite(&inner).then(|| self.set(&inner, &field.selection_set));
        Some(Field {
            parent: parent.clone(),
            response_key: match &field.alias {
                Some(alias) => Name::from(alias.as_str()),
                None => name.clone(),
            },
            name,
            arguments: field.arguments.clone(),
            field_type,
            set,
        })
    }

    fn included(&self, directives: &[Directive]) -> bool {
        directives.iter().all(|directive| {
            let truth = directive.arguments.first().map(|(_, value)| match value {
                Value::Boolean(truth) => *truth,
                Value::Variable(name) => self.variables.is_true(name),
                _ => false,
            });
            match directive.name.as_str() {
                "skip" => truth != Some(true),
                "include" => truth != Some(false),
                _ => true,
            }
        })
    }
}

/// Where an operation starts in its document.
pub(crate) fn position(definition: &OperationDefinition) -> Pos {
    match definition {
        OperationDefinition::SelectionSet(set) => set.span.0,
        OperationDefinition::Query(operation) => operation.position,
        OperationDefinition::Mutation(operation) => operation.position,
        OperationDefinition::Subscription(operation) => operation.position,
    }
}

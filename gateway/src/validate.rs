//! Validation against the API schema (specification, section 5).

mod meta_fields;
mod repeats;

use graphql_tools::{
    static_graphql::query::{Definition, Document},
    validation::{
        rules::default_rules_validation_plan,
        validate::{ValidationPlan, validate},
    },
};

use meta_fields::MetaFields;
pub(crate) use repeats::join_repeats;

use crate::{
    error::{GraphqlError, code},
    operation::{OperationKind, position},
    schema::Schema,
};

/// A client that makes more mistakes than this learns of the others when it has corrected these.
const MAX_ERRORS: usize = 10;

pub(crate) struct Validator {
    rules: ValidationPlan,
    introspection: bool,
}

impl Validator {
    pub(crate) fn new(introspection: bool) -> Self {
        Self { rules: default_rules_validation_plan(), introspection }
    }

    /// Messages do not help to guess names that the client does not know.
    pub(crate) fn check(&self, schema: &Schema, document: &Document) -> Result<(), Vec<GraphqlError>> {
        let mut errors = missing_roots(schema, document);
        errors.extend(MetaFields { schema, introspection: self.introspection }.check(document));
        let found = validate(&schema.document, document, &self.rules);
        errors.extend(found.into_iter().map(|error| GraphqlError {
            locations: error.locations,
            ..GraphqlError::new(code::VALIDATION_FAILED, without_suggestion(error.message))
        }));
        errors.truncate(MAX_ERRORS);
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

fn without_suggestion(mut message: String) -> String {
    if let Some(suggestion) = message.find(" Did you mean") {
        message.truncate(suggestion);
    }
    message
}

/// The library looks at no field of an operation that the schema has no root type for.
fn missing_roots(schema: &Schema, document: &Document) -> Vec<GraphqlError> {
    let operations = document.definitions.iter().filter_map(|definition| match definition {
        Definition::Operation(operation) => Some(operation),
        Definition::Fragment(_) => None,
    });
    operations
        .filter(|operation| schema.root(OperationKind::of(operation)).is_none())
        .map(|operation| {
            let kind = OperationKind::of(operation).keyword();
            GraphqlError::new(code::VALIDATION_FAILED, format!("The schema has no {kind} type."))
                .located(position(operation))
        })
        .collect()
}

//! Section 5 of the specification, by the library's rules. Subgraphs validate what they are asked.

use graphql_tools::{
    parser::{parse_query, parse_schema},
    static_graphql::schema::Document,
    validation::{rules::default_rules_validation_plan, validate::validate},
};

/// What a schema has without saying so.
const BUILT_IN: &str = "
    scalar Int scalar Float scalar String scalar Boolean scalar ID
    directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
    directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
";

pub(crate) struct Validation(Document);

impl Validation {
    pub(crate) fn new(sdl: &str) -> Self {
        Self(parse_schema::<String>(&format!("{sdl}{BUILT_IN}")).unwrap().into_static())
    }

    pub(crate) fn check(&self, document: &str) -> Result<(), String> {
        let document = parse_query::<String>(document).map_err(|error| error.to_string())?.into_static();
        match validate(&self.0, &document, &default_rules_validation_plan()).into_iter().next() {
            Some(error) => Err(error.message),
            None => Ok(()),
        }
    }
}

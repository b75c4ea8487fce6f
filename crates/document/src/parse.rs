use std::panic::catch_unwind;

use graphql_tools::parser::query::{Document, ParseError, parse_query};

use crate::LimitError;

/// Longest part of the parser's message that goes to a client: it quotes the client's own text.
const MESSAGE: usize = 200;

/// Parses a text whose size and nesting are bounded already.
///
/// The parser cuts the indentation of a block string at byte positions, and panics where that splits a character of
/// white space outside ASCII. Refused here, such a text never gets to another caller of the parser.
pub(crate) fn parse(source: &str) -> Result<Document<'_, &str>, LimitError> {
    match catch_unwind(|| parse_query::<&str>(source)) {
        Ok(parsed) => parsed.map_err(|error| syntax_error(&error)),
        Err(_) => Err(LimitError::Syntax {
            message: "a string of the document cannot be read.".to_owned(),
            line: 1,
            column: 1,
        }),
    }
}

fn syntax_error(error: &ParseError) -> LimitError {
    let text = error.to_string();
    // The first line repeats the position.
    let reasons: Vec<&str> = text.lines().skip(1).collect();
    LimitError::Syntax {
        message: reasons.join(". ").chars().take(MESSAGE).collect(),
        line: error.0.position.line,
        column: error.0.position.column,
    }
}

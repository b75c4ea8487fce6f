use document::{LimitError, Limits, check};
use proptest::prelude::*;

use crate::code;

#[test]
fn a_syntax_error_says_where() {
    let error = check("{\n  a(b: )\n}", &Limits::default()).unwrap_err();
    let LimitError::Syntax { message, line, column } = &error else { panic!("{error:?}") };
    assert_eq!((*line, *column), (2, 8));
    assert!(message.contains("Unexpected `)"), "{message}");
    assert_eq!(error.code(), "GRAPHQL_PARSE_FAILED");
}

#[test]
fn what_is_no_document_is_refused() {
    for source in [
        "",
        " # nothing\n",
        "{",
        "}",
        "{}",
        "{a",
        "query",
        "{a}}",
        "type T {a: Int}",
        "{a(b:\"",
        "\u{0}",
        "{é}",
        "{a(b:\"\"\"x)}",
    ] {
        assert_eq!(code(source), "GRAPHQL_PARSE_FAILED", "{source:?}");
    }
}

#[test]
fn brackets_in_strings_and_comments_are_not_counted() {
    let braces = "{".repeat(60);
    let source = format!("{{a(b: \"{braces}\\\"{braces}\", c: \"\"\"{braces}\\\"\"\"{braces}\"\"\") # {braces}\n}}");
    assert_eq!(code(&source), "passes");
}

#[test]
fn a_block_string_that_the_parser_cannot_cut_is_a_syntax_error() {
    assert_eq!(code("{a(b: \"\"\"\n x\n\u{3000}y\n\"\"\")}"), "GRAPHQL_PARSE_FAILED");
}

#[test]
fn nothing_of_the_text_beyond_a_short_quote_comes_back() {
    let error = check(&format!("{{a {}", "!".repeat(5_00) + &"z".repeat(5_000)), &Limits::default()).unwrap_err();
    assert!(error.to_string().len() < 300);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(source in "\\PC{0,200}") {
        let _ = check(&source, &Limits::default());
    }

    #[test]
    fn no_sequence_of_tokens_makes_it_panic(tokens in prop::collection::vec(
        prop::sample::select(vec!["{", "}", "(", ")", "[", "]", "...", "on", "a", "fragment", "query", "@", "$", ":", "!", "=", "1", "-1.5", "\"s\"", "\"\"\"b\"\"\"", "\"", "#", "\\", "é"]),
        0..120,
    )) {
        let _ = check(&tokens.join(" "), &Limits::default());
    }
}

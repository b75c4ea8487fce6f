//! Any text as a document, with subgraphs that nobody reaches: limits, parser, validation, coercion, planning, projection.
#![no_main]

use std::sync::OnceLock;

use gateway::pipeline::{Gateway, GraphqlRequest};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|query: &str| {
    static GATEWAY: OnceLock<Gateway> = OnceLock::new();
    let gateway = GATEWAY.get_or_init(|| fuzz::gateway("http://127.0.0.1:1/graphql"));
    let variables = json!({ "n": 1, "s": "text", "b": true, "f": { "price": { "low": 2 } } });
    let variables = variables.as_object().cloned().unwrap_or_default();
    fuzz::answer(gateway, GraphqlRequest { query: query.to_owned(), operation_name: None, variables });
});

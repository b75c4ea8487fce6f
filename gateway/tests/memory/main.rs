//! Memory, which is the process's: so this is a process of its own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../it/engine.rs"]
#[expect(dead_code, reason = "most of the kit is for other tests")]
mod engine;

use gateway::pipeline::Gateway;
use serde_json::{Value, json};

use engine::{Subgraph, ask_with, settings, supergraph};

async fn numbers() -> Subgraph {
    let data = json!({ "Query": { "a": 1, "node": { "a": 1 } } });
    Subgraph::new(
        "numbers",
        "type Query { a(n: Int): Int b(n: Int): Int c: Int d: Int e: Int f: Int node: Query }",
        data,
    )
    .await
}

/// Resident memory of this process, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = status.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

const CACHE: u64 = 1024 * 1024;
/// For the caches of documents, of plans and of prepared operations, and for what the allocator keeps.
const GROWTH: usize = 6 * 1024 * 1024;

/// How much memory is held after `count` requests for different operations, beyond what the first ones came to.
async fn growth(count: usize, operation: impl Fn(usize) -> (String, Value)) -> usize {
    let numbers = numbers().await;
    let mut settings = settings();
    settings.plan_cache_bytes = CACHE;
    let gateway = Gateway::new(supergraph(&[&numbers]), settings).unwrap();
    let mut before = 0;
    for number in 0..count {
        let (query, variables) = operation(number);
        let response = ask_with(&gateway, &query, variables).await;
        assert!(response["errors"].is_null(), "{response}");
        if number == count / 10 {
            before = resident();
        }
    }
    resident().saturating_sub(before)
}

/// What is cached is bounded by its memory, whatever it is that makes it large. All in one test, which has the process to
/// itself.
#[tokio::test]
async fn the_caches_stay_within_their_bounds() {
    operations_that_differ_do_not_fill_the_memory().await;
    neither_do_the_values_of_many_conditions().await;
}

async fn operations_that_differ_do_not_fill_the_memory() {
    let many = "...{name}".repeat(120);
    let introspecting = |number: usize| (format!("{{ __type(name: \"T{number}\") {{ {many} }} }}"), Value::Null);
    let grown = growth(250, introspecting).await;
    assert!(grown < GROWTH, "{grown}");
    let planned = |number: usize| (format!("{{ a(n: {number}) node {{ {} }} }}", "...{a}".repeat(100)), Value::Null);
    let grown = growth(250, planned).await;
    assert!(grown < GROWTH, "{grown}");
}

/// Each set of values is an operation of its own.
async fn neither_do_the_values_of_many_conditions() {
    let names: Vec<String> = (0..40).map(|number| format!("v{number}")).collect();
    let definitions: String = names.iter().map(|name| format!("${name}: Boolean! ")).collect();
    let condition = |(number, name): (usize, &String)| {
        format!("... @include(if: ${name}) {{ node {{ {} }} }} ", ["a", "b", "c", "d", "e", "f"][number % 6])
    };
    let conditions: String = names.iter().enumerate().map(condition).collect();
    let query = format!("query({definitions}) {{ node {{ d {conditions} }} }}");
    let with_values = |number: usize| {
        let bits = (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let values = names.iter().enumerate().map(|(bit, name)| (name.clone(), json!(bits >> bit & 1 == 1)));
        (query.clone(), Value::Object(values.collect()))
    };
    let grown = growth(250, with_values).await;
    assert!(grown < GROWTH, "{grown}");
}

//! The attacks of the threat model that a document alone can carry, under its names.

use std::time::{Duration, Instant};

use document::{Limits, check};

use crate::code;

/// Generous for a debug build on a busy machine; what it is to catch takes seconds or minutes.
const AT_ONCE: Duration = Duration::from_millis(500);

fn refused_at_once(source: &str, expected: &str) {
    let started = Instant::now();
    assert_eq!(code(source), expected);
    assert!(started.elapsed() < AT_ONCE, "took {:?} for {} bytes", started.elapsed(), source.len());
}

/// `levels` fragments, each of which spreads the next one `spreads` times.
fn fragment_bomb(levels: usize, spreads: usize) -> String {
    let level = |at: usize| format!("fragment f{at} on T {{{}}}", format!("...f{} ", at + 1).repeat(spreads));
    let levels_text: String = (0..levels).map(level).collect();
    format!("{{a{{...f0}}}} {levels_text} fragment f{levels} on T {{a}}")
}

#[test]
fn t1_depth_bombs() {
    for levels in [11, 40, 51, 1_000, 50_000] {
        refused_at_once(&format!("{}{}", "{a".repeat(levels), "}".repeat(levels)), "MAX_DEPTH");
        refused_at_once(&"{a".repeat(levels.max(51)), "MAX_DEPTH");
    }
    refused_at_once(&format!("{{a(b:{}{})}}", "[".repeat(50_000), "]".repeat(50_000)), "MAX_DEPTH");
}

#[test]
fn t2_fragment_bombs() {
    refused_at_once(&fragment_bomb(31, 2), "MAX_SELECTIONS");
    refused_at_once(&fragment_bomb(10, 12), "MAX_SELECTIONS");
    let fields: String =
        (0..20).map(|at| format!("fragment f{at} on T {{a{{...f{} ...f{}}}}}", at + 1, at + 1)).collect();
    refused_at_once(&format!("{{...f0}} {fields} fragment f20 on T {{a}}"), "MAX_DEPTH");
}

#[test]
fn t3_a_hundred_aliases() {
    let aliases: String = (0..101).map(|at| format!("a{at}: __typename ")).collect();
    refused_at_once(&format!("{{{aliases}}}"), "MAX_ALIASES");
    refused_at_once(&format!("{{n{{...f}}}} fragment f on T {{{aliases}}}"), "MAX_ALIASES");
}

#[test]
fn t6_directives() {
    refused_at_once(&format!("{{a {}}}", "@skip(if: true) ".repeat(100)), "MAX_DIRECTIVES");
    refused_at_once(&format!("{{a {}}}", "@aa".repeat(50_000)), "MAX_TOKENS");
}

#[test]
fn t7_repeated_fields_cost_linear_time() {
    let repeated = |count: usize| format!("{{n{{{}}}}}", "a ".repeat(count));
    let started = Instant::now();
    assert_eq!(check(&repeated(500), &Limits::default()).unwrap().selections, 501);
    assert!(started.elapsed() < AT_ONCE);
    refused_at_once(&repeated(8_000), "MAX_TOKENS");
}

#[test]
fn t8_fragment_cycles_and_unused_fragments() {
    refused_at_once("{a} fragment f on T {...f}", "FRAGMENT_CYCLE");
    refused_at_once("{...f} fragment f on T {a{...g}} fragment g on T {... on T {...f}}", "FRAGMENT_CYCLE");
    refused_at_once("{...f} fragment f on T {a} fragment f on T {b}", "GRAPHQL_VALIDATION_FAILED");
    let unused: String = (0..1_000).map(|at| format!("fragment f{at} on T {{a}}")).collect();
    refused_at_once(&format!("{{a}} {unused}"), "MAX_TOKENS");
}

//! Each limit is reached and passes, then crossed by one and refused with its own code.

use document::{Limits, Pages, check, check_with};

use crate::{code, code_under};

fn crossed(at_limit: &str, by_one: &str, expected: &str) {
    assert_eq!(code(at_limit), "passes", "at the limit: {at_limit}");
    assert_eq!(code(by_one), expected, "one over: {by_one}");
}

fn nested(fields: usize) -> String {
    format!("{}a{}", "{a".repeat(fields - 1) + "{", "}".repeat(fields))
}

fn fields(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().join(" ")
}

#[test]
fn bytes() {
    let padded = |bytes: usize| format!("{{a}}{}", " ".repeat(bytes - 3));
    crossed(&padded(16 * 1024), &padded(16 * 1024 + 1), "DOCUMENT_TOO_LARGE");
}

#[test]
fn tokens_where_a_string_is_one_and_a_comment_none() {
    let with = |tokens: usize| format!("{{a(b:[{}])}} # one two three", fields(tokens - 9, |_| "\"} x {\"".to_owned()));
    crossed(&with(2_000), &with(2_001), "MAX_TOKENS");
    assert_eq!(check(&with(100), &Limits::default()).unwrap().tokens, 100);
}

#[test]
fn depth() {
    crossed(&nested(10), &nested(11), "MAX_DEPTH");
}

#[test]
fn depth_through_a_fragment() {
    let spread = |depth: usize| format!("{{a{{...f}}}} fragment f on T {}", nested(depth - 1));
    crossed(&spread(10), &spread(11), "MAX_DEPTH");
}

#[test]
fn height_of_inline_fragments_and_of_a_chain_of_fragments() {
    let inline = |height: usize| format!("{}{{a}}{}", "{...".repeat(height - 1), "}".repeat(height - 1));
    crossed(&inline(50), &inline(51), "MAX_DEPTH");
    let link = |at: usize| format!("fragment f{at} on T {{...f{}}}", at + 1);
    let chain = |height: usize| format!("{{...f0}} {} fragment f{} on T {{a}}", fields(height - 2, link), height - 2);
    crossed(&chain(50), &chain(51), "MAX_HEIGHT");
}

#[test]
fn selections_after_expansion() {
    let limits = Limits { selections: 40, ..Limits::default() };
    let spreads = |rest: usize| {
        format!(
            "{{a{{...f ...f}} {}}} fragment f on T {{{}}}",
            fields(rest, |_| "b".to_owned()),
            fields(10, |_| "c".to_owned())
        )
    };
    assert_eq!(check(&spreads(7), &limits).unwrap().selections, 40);
    assert_eq!(code_under(&spreads(8), &limits), "MAX_SELECTIONS");
}

#[test]
fn selections_are_added_up_over_all_definitions() {
    let limits = Limits { selections: 4, ..Limits::default() };
    assert_eq!(code_under("query A {a b} query B {a b}", &limits), "passes");
    assert_eq!(code_under("query A {a b} query B {a b c}", &limits), "MAX_SELECTIONS");
}

#[test]
fn aliases_directly_and_through_fragments() {
    let aliased = |count: usize| format!("{{{}}}", fields(count, |at| format!("x{at}: a")));
    crossed(&aliased(15), &aliased(16), "MAX_ALIASES");
    let through = |own: usize| {
        format!(
            "{{n{{...f ...f {}}}}} fragment f on T {{{}}}",
            fields(own, |at| format!("y{at}: a")),
            fields(7, |at| format!("x{at}: __typename"))
        )
    };
    crossed(&through(1), &through(2), "MAX_ALIASES");
}

#[test]
fn directives_wherever_they_stand() {
    let on_field = |count: usize| format!("{{a {}}}", "@x ".repeat(count));
    crossed(&on_field(50), &on_field(51), "MAX_DIRECTIVES");
    let everywhere = |on_field: usize| {
        format!("query @x {{a {} ...f @x ... @x {{a}}}} fragment f on T @x {{b @x}}", "@x ".repeat(on_field))
    };
    crossed(&everywhere(45), &everywhere(46), "MAX_DIRECTIVES");
}

#[test]
fn root_fields_directly_and_through_fragments() {
    let direct = |count: usize| format!("{{{}}}", fields(count, |_| "a".to_owned()));
    crossed(&direct(20), &direct(21), "MAX_ROOT_FIELDS");
    let spread = |own: usize| {
        format!("{{...f ...{{...f}} {}}} fragment f on Query {{a{{b c}} d}}", fields(own, |_| "a".to_owned()))
    };
    crossed(&spread(16), &spread(17), "MAX_ROOT_FIELDS");
}

#[test]
fn rows_of_pages_inside_pages() {
    let pages = |outer: usize, inner: usize| format!("{{a(first:{outer}){{nodes{{b(last:{inner}){{edges{{c}}}}}}}}}}");
    crossed(&pages(12, 99), &pages(12, 100), "MAX_ROWS");
    crossed("{a(first:1200)}", "{a(first:1201)}", "MAX_ROWS");
    assert_eq!(code(&pages(usize::MAX / 2, usize::MAX / 2)), "MAX_ROWS");
    let through =
        |inner: usize| format!("{{a(first:100){{...f}}}} fragment f on C {{nodes{{b(first:{inner}){{nodes{{c}}}}}}}}");
    crossed(&through(11), &through(12), "MAX_ROWS");
}

#[test]
fn rows_of_a_page_whose_size_is_not_written() {
    let unbounded = Limits { rows: usize::MAX, ..Limits::default() };
    let rows = |source: &str| check(source, &unbounded).unwrap().rows;
    assert_eq!(rows("{a{b{c}}}"), 0);
    assert_eq!(rows("{a{nodes{b}}}"), 20);
    assert_eq!(rows("{a{...f}} fragment f on C {... {edges{b}}}"), 20);
    assert_eq!(rows("{a(first:null){nodes{b}}}"), 20);
    assert_eq!(rows("{a(first:3, last:5)}"), 5);
    assert_eq!(rows("{a(first:-1){nodes{b}}}"), 0);
    assert_eq!(rows("query($n:Int){a(first:$n){nodes{b(first:$n){nodes{c}}}}}"), 10_100);
    assert_eq!(rows("{a(first:3){nodes{b}} x:a(first:4){nodes{b}}}"), 7);
    let known = |name: &str| (name == "n").then_some(7);
    let source = "query($n:Int, $m:Int){a(first:$n){nodes{b(first:$m){nodes{c}}}}}";
    assert_eq!(check_with(source, &known, &Limits::default()).unwrap().rows, 707);
}

#[test]
fn a_document_that_passed_is_counted_again_when_a_page_grows() {
    let (source, limits) = ("query($n:Int){a(first:$n){nodes{b}}}", Limits::default());
    let pages = Pages::check(source, &|_| Some(10), &limits).unwrap();
    let again = |size: Option<usize>| pages.check_again(source, &|_| size, &limits).map_err(|error| error.code());
    for (size, outcome) in [
        (Some(10), Ok(())),
        (Some(1_201), Err("MAX_ROWS")),
        (Some(1_200), Ok(())),
        (Some(1_201), Err("MAX_ROWS")),
        (None, Ok(())),
        (Some(1_201), Err("MAX_ROWS")),
    ] {
        assert_eq!(again(size), outcome, "{size:?}");
    }
    assert_eq!(Pages::check(source, &|_| Some(1_201), &limits).err().unwrap().code(), "MAX_ROWS");
}

#[test]
fn a_field_that_may_be_selected_once() {
    let limits = Limits { once: vec!["login".to_owned(), "register".to_owned()], ..Limits::default() };
    let passes = [
        "mutation {login}",
        "mutation {login other other}",
        "mutation A {login} mutation B {login}",
        "{login login}",
        "{a {login login}}",
    ];
    for source in passes {
        assert_eq!(code_under(source, &limits), "passes", "{source}");
    }
    let refused = [
        "mutation {a: login b: login}",
        "mutation {login register}",
        "mutation {login ...f} fragment f on Mutation {... {login}}",
    ];
    for source in refused {
        assert_eq!(code_under(source, &limits), "ONCE_PER_REQUEST", "{source}");
    }
}

#[test]
fn introspection_depth() {
    let types = |depth: usize| format!("{{__type(name:\"A\") {}}}", nested(depth).replace('a', "ofType"));
    crossed(&types(20), &types(21), "MAX_INTROSPECTION_DEPTH");
}

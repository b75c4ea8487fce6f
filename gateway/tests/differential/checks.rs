//! What finds faults has to be free of them: the reference against examples of the specification, the rules of
//! comparison against responses that break them, and all together against a fault that is known to be there.

use std::sync::Arc;

use async_graphql::parser::{parse_query, types::FieldDefinition};
use serde_json::{Map, Value, json};

use crate::{
    compare, merging,
    reference::{Execution, Resolver, Response},
    schema::Schema,
    server::Server,
    trial::Trial,
    world::World,
};

const SDL: &str = "
    type Query { dog: Pet strict: Dog! pets: [Pet] dogs: [Dog!] echo(n: Int = 1, list: [Int!]): String }
    interface Pet { name: String! }
    type Dog implements Pet { name: String! barks: Boolean! friend: Dog }
    type Cat implements Pet { name: String! meows: Boolean }
";

struct Members;

impl Resolver for Members {
    fn resolve(&self, object: &Value, _: &str, field: &FieldDefinition, arguments: &Map<String, Value>) -> Value {
        match field.name.node.as_str() {
            "echo" => Value::Object(arguments.clone()).to_string().into(),
            name => object[name].clone(),
        }
    }

    fn type_name(&self, object: &Value) -> Option<String> {
        object["__typename"].as_str().map(str::to_owned)
    }
}

fn execute(query: &str, variables: Value, root: Value) -> Response {
    let (schema, document) = (Schema::parse(SDL), parse_query(query).unwrap());
    Execution::new(&schema, &document, &Members).run(None, variables.as_object().unwrap_or(&Map::new()), &root)
}

fn rex() -> Value {
    json!({ "__typename": "Dog", "name": "Rex", "barks": true, "friend": null })
}

#[test]
fn keys_come_where_they_first_occur_and_only_for_types_that_apply() {
    let query = "{ dog { ... on Cat { meows } a: name ...F name b: __typename } } fragment F on Dog { barks a: name }";
    let data = execute(query, Value::Null, json!({ "dog": rex() })).data.to_string();
    assert_eq!(data, r#"{"dog":{"a":"Rex","barks":true,"name":"Rex","b":"Dog"}}"#);
}

#[test]
fn directives_and_defaults_are_applied() {
    let query = "query($yes: Boolean! = true, $n: Int, $m: Int) {
        a: echo(n: $n) b: echo(n: $m, list: 7) c: echo @skip(if: $yes) d: echo(n: null) @include(if: $yes)
    }";
    let data = execute(query, json!({ "n": null }), json!({})).data;
    assert_eq!(data, json!({ "a": "{\"n\":null}", "b": "{\"n\":1,\"list\":[7]}", "d": "{\"n\":null}" }));
}

/// Each failure with its path and the place of the null.
fn failures(response: &Response) -> Vec<(String, String)> {
    let text = |path: &[Value]| Value::from(path.to_vec()).to_string();
    response.failures.iter().map(|failure| (text(&failure.path), text(&failure.nulled))).collect()
}

#[test]
fn a_null_comes_to_rest_at_the_nearest_place_that_may_be_null() {
    let nameless = json!({ "__typename": "Dog", "name": { "$error": "" }, "barks": null, "friend": rex() });
    let root = json!({ "dog": nameless, "dogs": [rex(), nameless], "strict": nameless, "pets": [nameless, 3, null] });
    let response = execute("{ dog { name } dogs { barks } pets { name } }", Value::Null, root.clone());
    assert_eq!(response.data, json!({ "dog": null, "dogs": null, "pets": [null, null, null] }));
    let pair = |path: &str, nulled: &str| (path.to_owned(), nulled.to_owned());
    assert_eq!(
        failures(&response),
        [
            pair(r#"["dog","name"]"#, r#"["dog"]"#),
            pair(r#"["dogs",1,"barks"]"#, r#"["dogs"]"#),
            pair(r#"["pets",0,"name"]"#, r#"["pets",0]"#),
            pair(r#"["pets",1]"#, r#"["pets",1]"#),
        ]
    );
    let response = execute("{ strict { barks } dog { __typename } }", Value::Null, root);
    assert_eq!(response.data, Value::Null);
    assert_eq!(failures(&response), [pair(r#"["strict","barks"]"#, "[]")]);
}

#[test]
fn each_rule_of_the_comparison_can_be_broken() {
    let dog = json!({ "__typename": "Dog", "name": null, "barks": null });
    let expected = execute("{ dog { name ... on Dog { barks } } pets { name } }", Value::Null, json!({ "dog": dog }));
    let errors =
        |paths: &[Value]| -> Value { paths.iter().map(|path| json!({ "message": "", "path": path })).collect() };
    let rule = |data: &str, errors: Value| {
        let body = format!(r#"{{"data":{data},"errors":{errors}}}"#);
        compare::difference(&expected, body.as_bytes()).map(|difference| difference.rule)
    };
    let (name, barks) = (json!(["dog", "name"]), json!(["dog", "barks"]));
    let data = r#"{"dog":null,"pets":null}"#;
    assert_eq!(rule(data, errors(std::slice::from_ref(&name))), None);
    assert_eq!(rule(data, errors(&[barks.clone(), name.clone()])), None);
    assert_eq!(rule(r#"{"pets":null,"dog":null}"#, errors(std::slice::from_ref(&name))), Some("other data"));
    assert_eq!(rule(data, json!([])), Some("a null without an error"));
    assert_eq!(rule(data, errors(&[name.clone(), name.clone()])), Some("two errors at one place"));
    assert_eq!(rule(data, errors(&[name.clone(), json!(["dog", "friend"])])), Some("a redundant error"));
    assert_eq!(rule(data, errors(&[name, json!(["pets"])])), Some("an error where nothing failed"));
    assert_eq!(rule(data, json!([{ "message": "" }])), Some("an error without a path"));
    assert_eq!(compare::difference(&expected, br#"{"errors":[]}"#).unwrap().rule, "refused");
}

#[test]
fn fields_merge_as_section_5_3_2_says() {
    let schema = Schema::parse(SDL);
    for (document, merges) in [
        ("{ dog { name name } dog { name } }", true),
        ("{ dog { name: __typename name } }", false),
        ("{ dog { ... on Dog { x: barks } ... on Cat { x: meows } } }", false),
        ("{ dog { ... on Dog { x: name } ... on Cat { x: __typename } } }", true),
        ("{ dog { x: name ... on Cat { x: __typename } } }", false),
        ("{ a: dog { x: name } a: strict { x: name } }", false),
        ("{ echo(n: 1) echo(n: 1) }", true),
        ("{ echo(n: 1) ... { echo(n: 2) } }", false),
        ("{ dog { ...F x: name } } fragment F on Dog { x: __typename }", false),
    ] {
        assert_eq!(merging::can_merge(&schema, &parse_query(document).unwrap()), merges, "{document}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_found_and_shown_in_a_small_document() {
    let mut world = World::all().into_iter().find(|world| world.name == "roots").unwrap();
    world.expect("ada", "name", "Eve".into());
    let world = Arc::new(world);
    let server = Server::start(&[Arc::clone(&world)]).await;
    let trial = Trial::new(world, &server);
    let mut seed = 0;
    let report = loop {
        match trial.run(seed).await {
            Some(report) => break report,
            None => seed += 1,
        }
        assert!(seed < 1_000, "nothing was found");
    };
    let document = report.lines().nth(1).unwrap();
    assert!(report.contains("other data") && document.matches('{').count() <= 3, "{report}");
    assert!(document.len() < 60 && document.contains("name"), "{report}");
}

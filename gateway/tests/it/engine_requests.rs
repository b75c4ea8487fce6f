//! Everything that is refused before a subgraph is asked.

use gateway::pipeline::{Gateway, GraphqlRequest, StatusKind};
use serde_json::{Value, json};

use crate::engine::{Subgraph, anonymous, answer, ask, ask_with, body, gateway, request, settings, supergraph};

async fn shop() -> Subgraph {
    Subgraph::new(
        "shop",
        r"
            type Query {
                product(id: ID, size: Size, filter: Filter, pick: Pick, first: Int, ratio: Float, list: [Int!]): Product
                any(value: Any): String
            }
            type Product { id: ID! name: String }
            enum Size { SMALL LARGE HIDDEN @inaccessible }
            input Filter { min: Int! = 1, max: Int, nested: Filter, needed: String! }
            input Pick @oneOf { id: ID sku: String }
            scalar Any
        ",
        json!({ "Query": { "product": { "id": "1", "name": "x" }, "any": "y" } }),
    )
    .await
}

async fn refusal(gateway: &Gateway, query: &str, variables: Value) -> (StatusKind, Value) {
    let answer = gateway.answer(request(query, variables), anonymous()).await;
    (answer.status, body(&answer))
}

#[tokio::test]
async fn an_invalid_document_is_refused_with_a_code_and_without_data() {
    let shop = shop().await;
    let gateway = gateway(&[&shop]);
    let invalid = [
        ("{ product { nam } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ product }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ product { ...Missing } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ product(idd: 1) { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ product(size: HIDDEN) { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ product(list: [3000000000]) { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ product(pick: { id: 1, sku: \"a\" }) { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($f: Int) { product(list: [$f]) { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($f: Int, $f: Int) { product(first: $f) { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($unused: Int) { product { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ product(first: $undefined) { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ product { id: name id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { product { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { product { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ _service { sdl } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ _entities(representations: []) { __typename } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ product { __typename { id } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ product { __schema { description } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ product { ...F } } fragment F on Product { __type(name: \"X\") { name } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ product { id", "GRAPHQL_PARSE_FAILED"),
        ("", "GRAPHQL_PARSE_FAILED"),
    ];
    for (query, code) in invalid {
        let (status, response) = refusal(&gateway, query, Value::Null).await;
        assert_eq!(status, StatusKind::RequestError, "{query}");
        assert_eq!(response["errors"][0]["extensions"]["code"], code, "{query}: {response}");
        assert!(response.get("data").is_none(), "{query}");
        assert!(!response.to_string().contains("Did you mean"), "{query}");
    }
    assert_eq!(shop.requests().len(), 0);
}

#[tokio::test]
async fn no_more_than_ten_errors_are_listed() {
    let shop = shop().await;
    let gateway = gateway(&[&shop]);
    let fields: String = (0..30).map(|n| format!("f{n} ")).collect();
    let (_, response) = refusal(&gateway, &format!("{{ product {{ {fields} }} }}"), Value::Null).await;
    assert_eq!(response["errors"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn variables_that_do_not_fit_are_refused_before_execution() {
    let shop = shop().await;
    let gateway = gateway(&[&shop]);
    let cases = [
        ("$v: Int", "first: $v", json!("1")),
        ("$v: Int", "first: $v", json!(1.5)),
        ("$v: Int", "first: $v", json!(3_000_000_000_u64)),
        ("$v: Int!", "first: $v", Value::Null),
        ("$v: Float", "ratio: $v", json!(true)),
        ("$v: ID", "id: $v", json!({})),
        ("$v: Size", "size: $v", json!("HUGE")),
        ("$v: Size", "size: $v", json!("HIDDEN")),
        ("$v: [Int!]", "list: $v", json!([1, null])),
        ("$v: Filter", "filter: $v", json!({ "max": 1 })),
        ("$v: Filter", "filter: $v", json!({ "needed": "a", "other": 1 })),
        ("$v: Filter", "filter: $v", json!({ "needed": "a", "nested": { "needed": 1 } })),
        ("$v: Pick", "pick: $v", json!({})),
        ("$v: Pick", "pick: $v", json!({ "id": null })),
        ("$v: Pick", "pick: $v", json!({ "id": 1, "sku": "a" })),
    ];
    for (definition, argument, value) in cases {
        let query = format!("query({definition}) {{ product({argument}) {{ id }} }}");
        let (status, response) = refusal(&gateway, &query, json!({ "v": value })).await;
        assert_eq!(status, StatusKind::RequestError, "{definition} = {value}");
        assert_eq!(response["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{definition} = {value}: {response}");
    }
    let (_, missing) = refusal(&gateway, "query($v: Int!) { product(first: $v) { id } }", json!({})).await;
    assert_eq!(
        missing,
        json!({ "errors": [{
            "message": "Variable \"$v\" of required type \"Int!\" was not provided.",
            "locations": [{ "line": 1, "column": 7 }],
            "extensions": { "code": "BAD_USER_INPUT" }
        }] })
    );
    assert_eq!(shop.requests().len(), 0);
}

#[tokio::test]
async fn variables_that_fit_are_coerced() {
    let shop = shop().await;
    let gateway = gateway(&[&shop]);
    let query = "query($i: Int = 4, $id: ID, $l: [Int!], $f: Filter, $o: Pick, $a: Any, $none: Size) {
        product(first: $i, id: $id, list: $l, filter: $f, pick: $o, size: $none) { id } any(value: $a)
    }";
    let given = json!({
        "id": 7, "l": 1, "f": { "needed": "x", "nested": { "needed": "y", "max": 2.0 } }, "o": { "sku": "s" },
        "a": { "anything": [1, 1.50] }, "surplus": true
    });
    assert_eq!(ask_with(&gateway, query, given).await, json!({ "data": { "product": { "id": "1" }, "any": "y" } }));
    let sent = shop.request().body["variables"].clone();
    assert_eq!(
        sent,
        json!({
            "i": 4, "id": "7", "l": [1], "f": { "needed": "x", "nested": { "needed": "y", "max": 2 } },
            "o": { "sku": "s" }, "a": { "anything": [1, 1.5] }
        })
    );
}

#[tokio::test]
async fn the_operation_is_chosen_by_its_name() {
    let shop = shop().await;
    let gateway = gateway(&[&shop]);
    let document = "query A { product { id } } query B { product { name } }";
    let named = |name: &str| GraphqlRequest { operation_name: Some(name.to_owned()), ..request(document, Value::Null) };
    let chosen = body(&gateway.answer(named("B"), anonymous()).await);
    assert_eq!(chosen, json!({ "data": { "product": { "name": "x" } } }));
    for refused in [named("C"), request(document, Value::Null)] {
        let answer = gateway.answer(refused, anonymous()).await;
        assert_eq!(answer.status, StatusKind::RequestError);
        assert_eq!(body(&answer)["errors"][0]["extensions"]["code"], "OPERATION_RESOLUTION_FAILURE");
    }
}

#[tokio::test]
async fn a_document_over_the_limits_is_refused_before_it_is_validated() {
    let shop = shop().await;
    let gateway = gateway(&[&shop]);
    let deep = format!("{}{}", "{ a".repeat(40), "}".repeat(40));
    let response = ask(&gateway, &deep).await;
    assert_eq!(response["errors"][0]["extensions"]["code"], "MAX_DEPTH", "{response}");
}

#[tokio::test]
async fn introspection_can_be_switched_off_and_typename_stays() {
    let shop = shop().await;
    let mut settings = settings();
    settings.introspection = false;
    let gateway = Gateway::new(supergraph(&[&shop]), settings).unwrap();
    for query in
        ["{ __schema { types { name } } }", "{ ...F } fragment F on Query { __type(name: \"Product\") { name } }"]
    {
        let refused = answer(&gateway, query, anonymous()).await;
        assert_eq!(refused.status, StatusKind::RequestError);
    }
    assert_eq!(
        ask(&gateway, "{ product { __typename } }").await,
        json!({ "data": { "product": { "__typename": "Product" } } })
    );
}

#[tokio::test]
async fn a_plan_can_be_read() {
    let shop = shop().await;
    let gateway = gateway(&[&shop]);
    let plan = gateway.plan_text("{ product(id: 1) { name } }", None).await.unwrap();
    assert_eq!(plan, "1. shop\n   {product(id: 1){name}}\n");
    assert!(gateway.plan_text("{ nothing }", None).await.is_err());
}

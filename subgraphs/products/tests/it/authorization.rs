//! Who may use which root field.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::app::{CUSTOMER, SERVICE, STAFF, TestApp, codes};

const EVERYBODY: [&str; 4] = ["anonymous", CUSTOMER, STAFF, SERVICE];
const ID: &str = "019b76da-a800-7c83-9c0a-f0823d7b34df";

/// A root field, an operation that uses it, and who may.
struct Case {
    field: &'static str,
    operation: String,
    allowed: &'static [&'static str],
}

fn cases() -> Vec<Case> {
    let case = |field, operation: String, allowed| Case { field, operation, allowed };
    let price = r#"price: { amount: "1.00", currencyCode: EUR }"#;
    vec![
        case("product", format!(r#"{{ product(id: "{ID}") {{ id }} }}"#), &EVERYBODY),
        case("products", "{ products { totalCount } }".into(), &EVERYBODY),
        case("products", "{ products(filter: { archived: true }) { totalCount } }".into(), &[STAFF]),
        case("productsByIds", format!(r#"{{ productsByIds(ids: ["{ID}"]) {{ id }} }}"#), &[SERVICE]),
        case(
            "_entities",
            format!(r#"{{ _entities(representations: [{{ __typename: "Product", id: "{ID}" }}]) {{ __typename }} }}"#),
            &EVERYBODY,
        ),
        case("_service", "{ _service { sdl } }".into(), &EVERYBODY),
        case(
            "createProduct",
            format!(
                r#"mutation {{ createProduct(input: {{ sku: "A", name: "A", {price} }}) {{ errors {{ __typename }} }} }}"#
            ),
            &[STAFF],
        ),
        case(
            "updateProduct",
            format!(r#"mutation {{ updateProduct(input: {{ id: "{ID}" }}) {{ errors {{ __typename }} }} }}"#),
            &[STAFF],
        ),
        case(
            "archiveProduct",
            format!(r#"mutation {{ archiveProduct(input: {{ id: "{ID}" }}) {{ errors {{ __typename }} }} }}"#),
            &[STAFF],
        ),
    ]
}

#[tokio::test]
async fn every_root_field_answers_only_those_who_may_use_it() {
    let app = TestApp::start().await;
    for case in cases() {
        for who in EVERYBODY {
            let client = if who == "anonymous" { app.anonymous() } else { app.holder(who) };
            let answer = client.run(&case.operation, json!({})).await;
            let expected = match (case.allowed.contains(&who), who) {
                (true, _) => vec![],
                (false, "anonymous") => vec!["UNAUTHENTICATED"],
                (false, _) => vec!["FORBIDDEN"],
            };
            assert_eq!(codes(&answer), expected, "{} as {who}: {answer}", case.operation);
        }
    }
}

#[tokio::test]
async fn every_root_field_has_an_authorization_case() {
    let app = TestApp::start().await;
    let query =
        "{ __schema { queryType { fields { name } } mutationType { fields { name } } subscriptionType { name } } }";
    let schema = app.anonymous().data(query, json!({})).await["__schema"].take();
    let fields: BTreeSet<&str> = ["queryType", "mutationType"]
        .iter()
        .flat_map(|root| schema[root]["fields"].as_array().unwrap())
        .map(|field| field["name"].as_str().unwrap())
        .collect();
    let covered: BTreeSet<&str> = cases().iter().map(|case| case.field).collect();
    assert_eq!(fields, covered);
    assert_eq!(schema["subscriptionType"], Value::Null);
}

#[tokio::test]
async fn a_token_that_does_not_verify_is_refused_even_where_nobody_needs_one() {
    let app = TestApp::start().await;
    let (status, answer) = app.anonymous().token("not.a.token").send("{ products { totalCount } }", json!({})).await;
    assert_eq!((status, codes(&answer)), (401, vec!["UNAUTHENTICATED"]));
}

//! Who may use which root field.

use serde_json::json;

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
            let answer = client.first(&case.operation).await;
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
    let fields = TestApp::start().await.anonymous().root_fields().await;
    assert_eq!(fields, cases().iter().map(|case| case.field.to_owned()).collect());
}

#[tokio::test]
async fn a_token_that_does_not_verify_is_refused_even_where_nobody_needs_one() {
    let app = TestApp::start().await;
    let (status, answer) = app.anonymous().token("not.a.token").send("{ products { totalCount } }", json!({})).await;
    assert_eq!((status, codes(&answer)), (401, vec!["UNAUTHENTICATED"]));
}

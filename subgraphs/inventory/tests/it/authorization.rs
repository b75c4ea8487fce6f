//! Who may use which root field.

use crate::app::{CUSTOMER, SERVICE, STAFF, TestApp, codes};

const EVERYBODY: [&str; 4] = ["anonymous", CUSTOMER, STAFF, SERVICE];
const ID: &str = "019b76da-a800-7c83-9c0a-f0823d7b34df";

/// A root field, an operation that uses it, and who may.
struct Case {
    field: &'static str,
    operation: String,
    allowed: &'static [&'static str],
}

fn cases(stocked: &str) -> Vec<Case> {
    let query = |field, operation: &str, allowed| Case { field, operation: format!("{{ {operation} }}"), allowed };
    let change = |field, input: &str, allowed| {
        let operation = format!("mutation {{ {field}(input: {{ {input} }}) {{ errors {{ __typename }} }} }}");
        Case { field, operation, allowed }
    };
    let product = format!(r#"productId: "{ID}""#);
    let reservation = format!(r#"reservationId: "{ID}""#);
    let why = r#"reason: "counted", idempotencyKey: "1""#;
    let reference = format!(r#"representations: [{{ __typename: "Product", id: "{ID}" }}]"#);
    vec![
        query("stock", &format!("stock({product}) {{ available }}"), &[STAFF]),
        query("availability", &format!(r#"availability(productIds: ["{ID}"]) {{ available }}"#), &EVERYBODY),
        query("stockMovements", &format!("stockMovements({product}) {{ totalCount }}"), &[STAFF]),
        query(
            "_entities",
            &format!("_entities({reference}) {{ ... on Product {{ stock {{ available }} }} }}"),
            &EVERYBODY,
        ),
        query("_service", "_service { sdl }", &EVERYBODY),
        change("createStock", &format!("{product}, onHand: 1"), &[STAFF]),
        change("adjustStock", &format!("{product}, delta: 1, {why}"), &[STAFF]),
        change("setStock", &format!("{product}, onHand: 1, {why}"), &[STAFF]),
        query("lowStock", "lowStock { totalCount }", &[STAFF]),
        change("setLowStockThreshold", &product, &[STAFF]),
        query("locations", "locations { edges { cursor } }", &[STAFF]),
        change("createLocation", r#"code: "A", name: "A", priority: 1"#, &[STAFF]),
        change("reserveStock", &format!("{reservation}, lines: [], ttlSeconds: 1"), &[SERVICE]),
        change("commitReservation", &reservation, &[SERVICE]),
        change("releaseReservation", &reservation, &[SERVICE]),
        change("returnReservation", &reservation, &[SERVICE]),
        Case {
            field: "stockChanged",
            operation: format!(r#"subscription {{ stockChanged(productIds: ["{stocked}"]) {{ available }} }}"#),
            allowed: &EVERYBODY,
        },
    ]
}

#[tokio::test]
async fn every_root_field_answers_only_those_who_may_use_it() {
    let app = TestApp::start().await;
    let stocked = app.stocked(1).await.to_string();
    for case in cases(&stocked) {
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
    assert_eq!(fields, cases(ID).iter().map(|case| case.field.to_owned()).collect());
}

//! Who may use which root field.

use testing::graphql::Client;
use uuid::Uuid;

use crate::app::{CUSTOMER, SERVICE, STAFF, TestApp, codes, id_of, place};

const EVERYBODY: [&str; 5] = ["anonymous", "customer", "other", "staff", "service"];

/// A root field, an operation that uses it, who is answered, and who finds the customer's order.
struct Case {
    field: &'static str,
    operation: String,
    answered: &'static [&'static str],
    finds: &'static [&'static str],
}

fn cases(order: &str, customer: Uuid) -> Vec<Case> {
    let case = |field, operation: String, answered, finds| Case { field, operation, answered, finds };
    let (signed_in, owner_and_staff) = (&["customer", "other", "staff"][..], &["customer", "staff"][..]);
    vec![
        case("order", format!(r#"{{ found: order(id: "{order}") {{ id }} }}"#), signed_in, owner_and_staff),
        case("orders", "{ found: orders { nodes { id } } }".into(), &["staff"], &["staff"]),
        case(
            "_entities",
            format!(
                r#"{{ found: _entities(representations: [{{ __typename: "Order", id: "{order}" }}])
                    {{ ... on Order {{ id }} }} }}"#
            ),
            signed_in,
            owner_and_staff,
        ),
        case(
            "_entities",
            format!(
                r#"{{ found: _entities(representations: [{{ __typename: "User", id: "{customer}" }}])
                    {{ ... on User {{ orders {{ nodes {{ id }} }} }} }} }}"#
            ),
            signed_in,
            owner_and_staff,
        ),
        case("_service", "{ _service { sdl } }".into(), &EVERYBODY, &[]),
        case(
            "placeOrder",
            r#"mutation { placeOrder(input: { idempotencyKey: "k", lines: [] }) { order { id } } }"#.into(),
            signed_in,
            &[],
        ),
        case(
            "cancelOrder",
            format!(r#"mutation {{ found: cancelOrder(input: {{ orderId: "{order}" }}) {{ order {{ id }} }} }}"#),
            signed_in,
            owner_and_staff,
        ),
        case(
            "orderUpdated",
            format!(r#"subscription {{ found: orderUpdated(id: "{order}") {{ id }} }}"#),
            owner_and_staff,
            owner_and_staff,
        ),
    ]
}

fn client(app: &TestApp, who: &str, customer: Uuid) -> Client {
    match who {
        "customer" => app.holder(customer, CUSTOMER),
        "other" => app.holder(Uuid::now_v7(), CUSTOMER),
        "staff" => app.holder(Uuid::now_v7(), STAFF),
        "service" => app.holder("inventory", SERVICE),
        _ => app.anonymous(),
    }
}

#[tokio::test]
async fn every_root_field_answers_only_those_who_may_use_it() {
    let app = TestApp::start().await;
    let lamp = app.product("LAMP", "1.00", 9).await;
    let customer = Uuid::now_v7();
    let order = id_of(&place(&app.user(customer), "k", &[(&lamp, 1)]).await);
    for case in cases(&order, customer) {
        for who in EVERYBODY {
            let answer = client(&app, who, customer).first(&case.operation).await;
            let expected = match (case.answered.contains(&who), who) {
                (true, _) => vec![],
                (false, "anonymous") => vec!["UNAUTHENTICATED"],
                // A stream cannot be null, as a field is for somebody else's order.
                (false, "other") if case.answered.contains(&"customer") => vec!["NOT_FOUND"],
                (false, _) => vec!["FORBIDDEN"],
            };
            assert_eq!(codes(&answer), expected, "{} as {who}: {answer}", case.operation);
            let found = answer["data"]["found"].to_string().contains(&order);
            assert_eq!(found, case.finds.contains(&who), "{} as {who}: {answer}", case.operation);
        }
    }
}

#[tokio::test]
async fn every_root_field_has_an_authorization_case() {
    let fields = TestApp::start().await.anonymous().root_fields().await;
    assert_eq!(fields, cases("", Uuid::nil()).iter().map(|case| case.field.to_owned()).collect());
}

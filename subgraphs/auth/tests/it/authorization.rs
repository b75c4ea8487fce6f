//! Every root field, and what each kind of caller gets from it.

use auth::entities::user::Role;
use serde_json::{Value, json};

use crate::app::TestApp;

/// What a caller may find at a root field.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Answer {
    Data,
    Null,
    Refused(&'static str),
}
use Answer::{Data, Null, Refused};

/// Field, a selection of it, and the answers to: nobody, a customer, staff, an administrator, a service.
const CASES: &[(&str, &str, [Answer; 5])] = &[
    ("me", "{ me { id } }", [Null, Data, Data, Data, Null]),
    (
        "register",
        r#"mutation { register(input: { email: "", password: "", name: "" }) { errors { __typename } } }"#,
        [Data; 5],
    ),
    ("login", r#"mutation { login(input: { email: "", password: "" }) { errors { __typename } } }"#, [Data; 5]),
    (
        "refreshSession",
        r#"mutation { refreshSession(input: { refreshToken: "" }) { errors { __typename } } }"#,
        [Data; 5],
    ),
    (
        "logout",
        "mutation { logout { loggedOut } }",
        [Refused("UNAUTHENTICATED"), Data, Data, Data, Refused("FORBIDDEN")],
    ),
    ("_service", "{ _service { sdl } }", [Data; 5]),
    ("_entities", "{ _entities(representations: []) { __typename } }", [Data; 5]),
];

fn answer(field: &str, response: &Value) -> Answer {
    match response["errors"][0]["extensions"]["code"].as_str() {
        Some("UNAUTHENTICATED") => Refused("UNAUTHENTICATED"),
        Some("FORBIDDEN") => Refused("FORBIDDEN"),
        Some(code) => panic!("{field}: {code}: {response:#}"),
        None if response["data"][field].is_null() => Null,
        None => Data,
    }
}

#[tokio::test]
async fn every_root_field_answers_each_kind_of_caller_as_listed() {
    let app = TestApp::with_principal().await;
    let callers = [
        app.anonymous(),
        app.somebody("rosa@example.org", Role::Customer).await.client,
        app.somebody("staff@example.org", Role::Staff).await.client,
        app.somebody("admin@example.org", Role::Admin).await.client,
        app.service().await,
    ];
    for (field, query, expected) in CASES {
        let mut answers = Vec::new();
        for caller in &callers {
            answers.push(answer(field, &caller.run(query, json!({})).await));
        }
        assert_eq!(answers, expected, "{field}");
    }
}

#[tokio::test]
async fn every_root_field_has_a_case() {
    let fields = TestApp::start().await.anonymous().root_fields().await;
    assert_eq!(fields, CASES.iter().map(|(field, ..)| (*field).to_owned()).collect());
}

use auth::entities::user::{self, Role};
use futures_util::future::join_all;
use sea_orm::{EntityTrait as _, PaginatorTrait as _};
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};

#[tokio::test]
async fn a_person_registers_and_signs_in() {
    for app in TestApp::on_each_database().await {
        let registered = app.register("  Rosa@Example.org ", PASSWORD, " Rosa Marti\u{301}n ").await;
        let id = registered["user"]["id"].clone();
        let user = json!({ "id": id, "email": "rosa@example.org", "name": "Rosa Mart\u{ed}n", "roles": ["CUSTOMER"] });
        assert_eq!(registered, json!({ "user": user, "errors": [] }));

        let signed_in = app.login("ROSA@example.org", PASSWORD).await;
        assert_eq!(signed_in["user"], user);
        assert_eq!(signed_in["expiresIn"], 600);
        assert_eq!(signed_in["errors"], json!([]));

        let client = app.anonymous().token(signed_in["accessToken"].as_str().unwrap());
        assert_eq!(client.data("{ me { id email name roles } }", json!({})).await, json!({ "me": user }));
    }
}

#[tokio::test]
async fn a_password_is_stored_as_argon2id_with_the_chosen_cost() {
    let app = TestApp::start().await;
    let rosa = app.somebody("rosa@example.org", Role::Customer).await;
    let hash = app.user(rosa.id).await.password_hash.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
}

#[tokio::test]
async fn t31_a_taken_address_is_said_to_be_taken_and_nothing_else() {
    let app = TestApp::start().await;
    app.register("rosa@example.org", PASSWORD, "Rosa").await;
    let again = app.register("Rosa@EXAMPLE.org", "another good password", "Somebody").await;
    let error = json!({
        "__typename": "EmailTakenError", "code": "EMAIL_TAKEN",
        "message": "This e-mail address has an account already.", "path": ["email"],
    });
    assert_eq!(again, json!({ "user": null, "errors": [error] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_registered_twenty_times_at_once_is_one_account() {
    for app in TestApp::on_each_database().await {
        app.connect(20).await;
        let all = join_all((0..20).map(|_| app.register("rosa@example.org", PASSWORD, "Rosa"))).await;
        assert_eq!(all.iter().filter(|payload| !payload["user"].is_null()).count(), 1);
        assert_eq!(user::Entity::find().count(app.database.read()).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn t33_weak_passwords_are_refused_with_the_rule_they_break() {
    let app = TestApp::start().await;
    let long = "long ".repeat(26);
    let cases = [
        ("short77", "Use at least 8 characters."),
        (&long, "Use at most 128 characters."),
        ("Password123", "This password is among the first that anybody would try."),
        ("rosa@example.org", "Do not use your name or e-mail address as password."),
    ];
    for (password, message) in cases {
        let error = json!({
            "__typename": "WeakPasswordError", "code": "WEAK_PASSWORD", "message": message, "path": ["password"],
        });
        let answer = app.register("rosa@example.org", password, "Rosa").await;
        assert_eq!(answer, json!({ "user": null, "errors": [error] }), "{password}");
    }
}

#[tokio::test]
async fn t33_a_password_is_kept_exactly_as_given() {
    let app = TestApp::start().await;
    let long = "ü - ".repeat(31) + "1234";
    for (index, password) in ["🦊🐻🐼🐨🐯🦁🐮🐷", "  spaces all around  ", &long].iter().enumerate() {
        let email = format!("rosa{index}@example.org");
        assert_eq!(app.register(&email, password, "Rosa").await["errors"], json!([]), "{password}");
        assert_eq!(app.login(&email, password).await["errors"], json!([]), "{password}");
    }
    assert_ne!(app.login("rosa1@example.org", "spaces all around").await["errors"], json!([]));
}

#[tokio::test]
async fn t33_a_megabyte_of_password_is_not_hashed() {
    let app = TestApp::start().await;
    let query = "mutation($input: RegisterInput!) { register(input: $input) { errors { __typename } } }";
    let input = json!({ "email": "rosa@example.org", "password": "x".repeat(1 << 20), "name": "Rosa" });
    let answer = app.anonymous().send(query, json!({ "input": input })).await;
    assert_eq!(answer.0, 413, "{answer:?}");
}

#[tokio::test]
async fn t19_addresses_and_names_that_deceive_or_break_are_refused() {
    let app = TestApp::start().await;
    for email in ["", "rosa", "rosa@example", "rosa\u{0}@example.org", "r\u{43e}sa@example.org"] {
        let error = json!({
            "__typename": "InvalidInputError", "code": "INVALID_INPUT",
            "message": "This is not an e-mail address.", "path": ["email"],
        });
        assert_eq!(
            app.register(email, PASSWORD, "Rosa").await,
            json!({ "user": null, "errors": [error] }),
            "{email:?}"
        );
    }
    for name in ["", "a\u{0}b", "a\u{202e}b", "\u{200b}", &"x".repeat(101)] {
        let error = json!({
            "__typename": "InvalidInputError", "code": "INVALID_INPUT",
            "message": "A name has 1 to 100 visible characters.", "path": ["name"],
        });
        let answer = app.register("rosa@example.org", PASSWORD, name).await;
        assert_eq!(answer, json!({ "user": null, "errors": [error] }), "{name:?}");
    }
}

#[tokio::test]
async fn t36_nobody_registers_with_a_role() {
    let app = TestApp::start().await;
    let query = "mutation($input: RegisterInput!) { register(input: $input) { user { roles } } }";
    for extra in ["role", "roles", "id", "passwordHash", "disabledAt"] {
        let mut input = json!({ "email": "rosa@example.org", "password": PASSWORD, "name": "Rosa" });
        input[extra] = json!("ADMIN");
        let answer = app.anonymous().run(query, json!({ "input": input })).await;
        assert_eq!(answer["data"], Value::Null, "{extra}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{extra}");
    }
    assert_eq!(user::Entity::find().count(app.database.read()).await.unwrap(), 0);
}

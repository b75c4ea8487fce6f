use auth::{
    entities::{
        session,
        user::{self, Role},
    },
    settings::{AuthSettings, HashingSettings},
};
use futures_util::future::join_all;
use sea_orm::{EntityTrait as _, PaginatorTrait as _, Set};
use serde_json::json;

use crate::app::{PASSWORD, TestApp};

#[tokio::test]
async fn t31_whatever_is_wrong_the_answer_is_the_same() {
    let app = TestApp::start().await;
    app.register("rosa@example.org", PASSWORD, "Rosa").await;
    let disabled = app.somebody("gone@example.org", Role::Customer).await;
    let now = subgraph::time::now();
    app.change(disabled.id, user::ActiveModel { disabled_at: Set(Some(now)), ..Default::default() }).await;
    let bare = app.somebody("bare@example.org", Role::Customer).await;
    app.change(bare.id, user::ActiveModel { password_hash: Set(None), ..Default::default() }).await;

    let cases = [
        ("rosa@example.org", "not her password"),
        ("nobody@example.org", PASSWORD),
        ("gone@example.org", PASSWORD),
        ("bare@example.org", PASSWORD),
        ("bare@example.org", ""),
        ("no address", PASSWORD),
        ("rosa@example.org", "short"),
    ];
    for (email, password) in cases {
        let error = json!({
            "__typename": "InvalidCredentialsError", "code": "INVALID_CREDENTIALS",
            "message": "E-mail address or password is wrong.", "path": null,
        });
        let nothing = json!({
            "accessToken": null, "refreshToken": null, "expiresIn": null, "user": null, "errors": [error],
        });
        assert_eq!(app.login(email, password).await, nothing, "{email} {password}");
    }
}

#[tokio::test]
async fn t04_a_request_checks_one_credential_however_it_asks_for_more() {
    let app = TestApp::start().await;
    app.register("rosa@example.org", PASSWORD, "Rosa").await;
    let login = format!(r#"login(input: {{ email: "rosa@example.org", password: "{PASSWORD}" }}) {{ expiresIn }}"#);
    let by_alias: String = (0..50).map(|index| format!("a{index}: {login}\n")).collect();
    let cases = [
        format!("mutation {{ {by_alias} }}"),
        format!("mutation {{ one: {login} ...More }} fragment More on Mutation {{ two: {login} }}"),
        format!(r#"mutation {{ {login} refreshSession(input: {{ refreshToken: "x" }}) {{ expiresIn }} }}"#),
    ];
    for query in cases {
        let answer = app.anonymous().run(&query, json!({})).await;
        assert_eq!(answer["data"].as_object().unwrap().len(), 1, "{answer:#}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "RATE_LIMITED", "{answer:#}");
    }
    assert_eq!(session::Entity::find().count(app.database.read()).await.unwrap(), 3, "one sign-in a request");
}

#[tokio::test(flavor = "multi_thread")]
async fn r07_when_hashing_is_saturated_sign_ins_are_shed_and_the_rest_goes_on() {
    let hashing = HashingSettings { permits: Some(1), wait: std::time::Duration::from_millis(1) };
    let app = TestApp::with(AuthSettings { hashing, ..AuthSettings::default() }).await;
    let emails: Vec<String> = (0..20).map(|index| format!("nobody{index}@example.org")).collect();
    let answers = join_all(emails.iter().map(|email| app.try_login(email, PASSWORD))).await;
    let shed = answers.iter().filter(|answer| answer["errors"][0]["extensions"]["code"] == "RATE_LIMITED").count();
    let checked = answers.iter().filter(|answer| answer["data"]["login"]["errors"][0]["code"] == "INVALID_CREDENTIALS");
    assert_eq!(shed + checked.count(), 20, "{answers:#?}");
    assert!((1..20).contains(&shed), "{shed} of 20 shed");
    assert_eq!(app.anonymous().data("{ me { id } }", json!({})).await, json!({ "me": null }));
}

#[tokio::test]
async fn t28_tokens_of_one_kind_do_not_pass_for_another() {
    let app = TestApp::start().await;
    let rosa = app.somebody("rosa@example.org", Role::Customer).await;
    let (status, answer) = app.anonymous().token(&rosa.refresh_token).send("{ me { id } }", json!({})).await;
    assert_eq!((status, &answer["errors"][0]["extensions"]["code"]), (401, &json!("UNAUTHENTICATED")));
    let answer = app.refresh(&rosa.access_token).await;
    assert_eq!(answer["errors"][0]["__typename"], "InvalidRefreshTokenError");
}

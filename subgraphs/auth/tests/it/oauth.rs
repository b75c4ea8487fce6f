use std::time::Duration;

use reqwest::RequestBuilder;
use secrecy::SecretString;
use serde_json::{Value, json};
use service::token::{ClientCredentials, ClientCredentialsSettings, GrantError};
use tokio::time::Instant;

use crate::app::{PRINCIPAL_SECRET, TestApp, http};

fn ask(app: &TestApp, body: &str) -> RequestBuilder {
    http()
        .post(app.url("/oauth/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.to_owned())
}

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.status() == 401, response.headers().contains_key("www-authenticate"));
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_principal_gets_a_token_for_its_secret_in_either_place() {
    let app = TestApp::with_principal().await;
    let in_body = format!("grant_type=client_credentials&client_id=orders&client_secret={PRINCIPAL_SECRET}");
    let grant = "grant_type=client_credentials";
    let requests = [
        ask(&app, &in_body),
        ask(&app, grant).basic_auth("orders", Some(PRINCIPAL_SECRET)),
        ask(&app, &format!("{grant}&scope=service")).basic_auth("orders", Some(PRINCIPAL_SECRET)),
    ];
    for request in requests {
        let (status, mut granted) = answer(request).await;
        let token = granted["access_token"].take();
        let rest = json!({ "access_token": null, "token_type": "Bearer", "expires_in": 600, "scope": "service" });
        assert_eq!((status, granted), (200, rest));
        let claims = app.verify(token.as_str().unwrap()).await.unwrap();
        assert_eq!((claims.sub.as_str(), claims.sid, claims.scope), ("orders", None, vec!["service".to_owned()]));
    }
}

#[tokio::test]
async fn refusals_have_the_codes_of_rfc_6749() {
    let app = TestApp::with_principal().await;
    let grant = "grant_type=client_credentials";
    let signed = |body: &str| ask(&app, body).basic_auth("orders", Some(PRINCIPAL_SECRET));
    let cases = [
        (401, "invalid_client", ask(&app, grant)),
        (401, "invalid_client", ask(&app, grant).basic_auth("orders", Some("wrong"))),
        (401, "invalid_client", ask(&app, grant).basic_auth("orders", Some(""))),
        (401, "invalid_client", ask(&app, grant).basic_auth("nobody", Some(PRINCIPAL_SECRET))),
        (401, "invalid_client", ask(&app, grant).bearer_auth("x")),
        (401, "invalid_client", ask(&app, grant).header("authorization", "Basic !!!")),
        (401, "invalid_client", ask(&app, &format!("{grant}&client_id=orders"))),
        (400, "invalid_request", signed(&format!("{grant}&client_secret={PRINCIPAL_SECRET}"))),
        (400, "invalid_request", signed(&format!("{grant}&{grant}"))),
        (400, "invalid_request", signed("")),
        (400, "invalid_request", signed(grant).basic_auth("orders", Some(PRINCIPAL_SECRET))),
        (400, "unsupported_grant_type", signed("grant_type=password&username=a&password=b")),
        (400, "invalid_scope", signed(&format!("{grant}&scope=service+users:write"))),
        (400, "invalid_scope", signed(&format!("{grant}&scope="))),
    ];
    for (index, (status, error, request)) in cases.into_iter().enumerate() {
        let (answered, body) = answer(request).await;
        assert_eq!((answered, &body["error"]), (status, &json!(error)), "case {index}: {body}");
    }
    let json = http().post(app.url("/oauth/token")).json(&json!({ "grant_type": "client_credentials" }));
    assert_eq!(answer(json).await.1["error"], "invalid_request");
}

#[tokio::test]
async fn a_secret_is_form_decoded_in_the_basic_header() {
    let app = TestApp::with_principal().await;
    let encoded = PRINCIPAL_SECRET.replace('-', "%2D");
    let request = ask(&app, "grant_type=client_credentials").basic_auth("orders", Some(encoded));
    assert_eq!(answer(request).await.0, 200);
}

#[tokio::test]
async fn nobody_is_a_principal_by_default() {
    let app = TestApp::start().await;
    let request = ask(&app, "grant_type=client_credentials").basic_auth("orders", Some(PRINCIPAL_SECRET));
    assert_eq!(answer(request).await, (401, json!({ "error": "invalid_client" })));
}

#[tokio::test]
async fn other_services_get_theirs_through_the_shared_client() {
    let app = TestApp::with_principal().await;
    let settings = |secret: &str| ClientCredentialsSettings {
        token_url: app.url("/oauth/token"),
        client_id: "orders".to_owned(),
        client_secret: SecretString::from(secret),
    };
    let deadline = Instant::now() + Duration::from_secs(5);
    let bearer = ClientCredentials::new(settings(PRINCIPAL_SECRET)).unwrap().bearer(deadline).await.unwrap();
    let token = bearer.to_str().unwrap().strip_prefix("Bearer ").unwrap();
    assert_eq!(app.verify(token).await.unwrap().scope, ["service"]);
    let refused = ClientCredentials::new(settings("wrong")).unwrap().bearer(deadline).await;
    assert_eq!(refused, Err(GrantError::Refused(401)));
}

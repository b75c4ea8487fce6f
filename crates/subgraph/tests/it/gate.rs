use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::app::{TestApp, code};

#[tokio::test]
async fn only_json_posts_are_read_so_that_no_web_page_can_send_one() {
    let app = TestApp::start().await;
    let http = reqwest::Client::builder().build().unwrap();
    let body = r#"{"query":"{ caller }"}"#;
    for (media_type, status) in [
        (Some("application/json"), 200),
        (Some("application/json; charset=utf-8"), 200),
        (Some("text/plain"), 415),
        (Some("application/x-www-form-urlencoded"), 415),
        (Some("multipart/form-data; boundary=x"), 415),
        (None, 415),
    ] {
        let mut request = http.post(&app.url).body(body);
        if let Some(media_type) = media_type {
            request = request.header(CONTENT_TYPE, media_type);
        }
        assert_eq!(request.send().await.unwrap().status(), status, "{media_type:?}");
    }
    assert_eq!(http.get(format!("{}?query={{caller}}", app.url)).send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn a_list_has_at_most_a_thousand_entries_at_any_depth_however_it_is_sent() {
    let app = TestApp::start().await;
    let query = "query($lists: [[Int!]!]!) { length(lists: $lists) }";
    let ones = |n: usize| vec![1; n];
    for (lists, fits) in [
        (json!(vec![ones(1); 1_000]), true),
        (json!([ones(1_000)]), true),
        (json!(vec![ones(1); 1_001]), false),
        (json!([ones(1_001)]), false),
    ] {
        let in_variables = app.client().run(query, json!({ "lists": lists })).await;
        let literal = app.client().run(&format!("{{ length(lists: {lists}) }}"), json!({})).await;
        for answer in [in_variables, literal] {
            assert_eq!(answer.get("errors").is_none(), fits, "{answer}");
            assert!(fits || code(&answer) == "MAX_LIST", "{answer}");
        }
    }
}

#[tokio::test]
async fn a_fragment_bomb_is_refused_before_it_is_expanded() {
    let app = TestApp::start().await;
    let spread = |level: usize| format!("fragment F{level} on Query {{ ...F{0} ...F{0} }} ", level + 1);
    let bomb: String = (0..31).map(spread).chain(["fragment F31 on Query { caller } { ...F0 }".to_owned()]).collect();
    let (status, answer) = app.client().send(&bomb, json!({})).await;
    assert_eq!((status, code(&answer).starts_with("MAX_")), (400, true), "{answer}");
}

#[tokio::test]
async fn a_document_that_is_known_is_refused_all_the_same_for_a_page_that_is_too_large() {
    let app = TestApp::start().await;
    for (size, expected) in [(10, "BAD_USER_INPUT"), (100_000, "MAX_ROWS"), (10, "BAD_USER_INPUT")] {
        let answer = app.client().run("query($n: Int) { caller(first: $n) }", json!({ "n": size })).await;
        assert_eq!(code(&answer), expected, "{size}: {answer}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_request_is_refused() {
    let app = TestApp::start().await;
    let http = reqwest::Client::builder().build().unwrap();
    for body in ["", "{", "null", r#""{ caller }""#, r#"{"query":["{ caller }"]}"#, r#"{"query":"{ caller }"}}"#] {
        let response = http.post(&app.url).header(CONTENT_TYPE, "application/json").body(body).send().await.unwrap();
        assert_eq!(response.status(), 400, "{body}");
        assert_eq!(code(&response.json().await.unwrap()), "BAD_USER_INPUT", "{body}");
    }
}

#[tokio::test]
async fn a_batch_of_operations_is_refused() {
    let app = TestApp::start().await;
    let request = reqwest::Client::builder().build().unwrap().post(&app.url);
    let batch = json!([{ "query": "{ caller }" }, { "query": "{ caller }" }]);
    let response = request.json(&batch).send().await.unwrap();
    assert_eq!(response.status(), 400);
    assert_eq!(code(&response.json().await.unwrap()), "BATCHING_NOT_SUPPORTED");
}

#[tokio::test]
async fn a_token_is_verified_here_too() {
    let app = TestApp::start().await;
    let client = app.client();
    assert_eq!(client.data("{ caller }", json!({})).await["caller"], Value::Null);
    let good = client.token(app.issuer.token("somebody", "user"));
    assert_eq!(good.data("{ caller }", json!({})).await["caller"], "somebody");
    let (status, answer) = client.token("forged.forged.forged").send("{ caller }", json!({})).await;
    assert_eq!((status, code(&answer)), (401, "UNAUTHENTICATED"));

    let twice = reqwest::Client::builder().build().unwrap().post(&app.url);
    let bearer = app.issuer.bearer("somebody", "user");
    let twice =
        twice.header(AUTHORIZATION, &bearer).header(AUTHORIZATION, &bearer).json(&json!({ "query": "{ caller }" }));
    assert_eq!(twice.send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_scope_is_asked_for_by_name() {
    let app = TestApp::start().await;
    let with = |scopes: &str| app.client().token(app.issuer.token("somebody", scopes));
    assert_eq!(code(&app.client().run("{ internal }", json!({})).await), "UNAUTHENTICATED");
    assert_eq!(code(&with("user services").run("{ internal }", json!({})).await), "FORBIDDEN");
    assert_eq!(with("user service").data("{ internal }", json!({})).await["internal"], true);
}

#[tokio::test]
async fn with_a_gateway_credential_only_the_gateway_and_services_are_answered() {
    let app = TestApp::with_credential("a secret of thirty-two characters").await;
    let http = reqwest::Client::builder().build().unwrap();
    for (credential, status) in [("a secret of thirty-two characters", 200), ("a secret", 401), ("", 401)] {
        let request = http.post(&app.url).header("x-gateway-credential", credential);
        let response = request.json(&json!({ "query": "{ caller }" })).send().await.unwrap();
        assert_eq!(response.status(), status, "{credential}");
    }
    let with = |scopes: &str| app.client().token(app.issuer.token("somebody", scopes));
    assert_eq!(app.client().send("{ caller }", json!({})).await.0, 401);
    assert_eq!(with("user").send("{ caller }", json!({})).await.0, 401);
    assert_eq!(with("service").send("{ caller }", json!({})).await.0, 200);
}

use reqwest::header::CONTENT_TYPE;
use serde_json::json;

use crate::app::{TestApp, code};

#[tokio::test]
async fn a_database_error_is_told_to_nobody() {
    let app = TestApp::start().await;
    let answer = app.client().run("{ brokenDatabase }", json!({})).await;
    assert_eq!(code(&answer), "INTERNAL");
    assert!(!answer.to_string().contains("secret_table"), "{answer}");
}

#[tokio::test]
async fn a_panic_is_told_to_nobody_and_ends_nothing() {
    let app = TestApp::start().await;
    let (status, answer) = app.client().send("{ panics }", json!({})).await;
    assert_eq!(status, 500);
    assert!(!answer.to_string().contains("secret"), "{answer}");
    assert_eq!(app.client().data("{ caller }", json!({})).await, json!({ "caller": null }));
}

#[tokio::test]
async fn a_deadline_that_has_passed_ends_the_request() {
    let app = TestApp::start().await;
    let request = reqwest::Client::builder().build().unwrap().post(&app.url);
    let response = request
        .header(CONTENT_TYPE, "application/json")
        .header("x-deadline-ms", "50")
        .body(r#"{"query":"{ slow }"}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(code(&response.json().await.unwrap()), "DEADLINE_EXCEEDED");
}

#[tokio::test]
async fn what_the_client_got_wrong_is_bad_user_input_without_suggestions() {
    let app = TestApp::start().await;
    for query in ["{ caler }", "{ length }", "query($x: Int!) { length(lists: [[$x]]) }", "{ length(lists: 1.5) }"] {
        let answer = app.client().run(query, json!({})).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{query}");
    }
}

use std::time::Duration;

use client::{BadResponse, ClientError, ClientSettings, Deadline, OperationKind, Request, Unavailable};
use http::{HeaderMap, HeaderValue, header};
use serde_json::json;

use crate::stub::{Behaviour, JSON, Stub, client, query};

#[tokio::test]
async fn a_query_travels_with_its_headers_and_what_is_left_of_its_deadline() {
    let stub = Stub::start(Behaviour::ok()).await;
    let client = client(&stub.url, ClientSettings::default());
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer abc"));
    headers.insert(header::HOST, HeaderValue::from_static("elsewhere"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("3"));
    let request = Request {
        kind: OperationKind::Query,
        query: "query Q($a: Int) { ok }",
        operation_name: Some("Q"),
        variables: json!({ "a": 1 }),
        headers,
        deadline: Deadline::after(Duration::from_millis(1500)),
    };
    let response = client.query(request).await.unwrap();
    assert_eq!(response.data, Some(json!({ "ok": true })));

    let received = stub.requests().remove(0);
    assert_eq!(
        received.body,
        json!({ "query": "query Q($a: Int) { ok }", "operationName": "Q", "variables": { "a": 1 } })
    );
    assert!(received.head.contains("authorization: bearer abc"), "{}", received.head);
    assert!(!received.head.contains("elsewhere"), "{}", received.head);
    let left: u64 = received.head.split("x-deadline-ms: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
    assert!((1000..=1500).contains(&left), "{left} ms");
}

#[tokio::test]
async fn an_answer_with_errors_is_an_answer_and_no_failure_of_the_service() {
    let body = json!({ "data": null, "errors": [{ "message": "no", "path": ["ok", 1], "extensions": { "code": "FORBIDDEN" } }] });
    let stub = Stub::start(Behaviour::Answer(JSON, body.to_string())).await;
    let client = client(&stub.url, ClientSettings::default());
    let error = query(&client).await.unwrap_err();
    assert_eq!(error.code(), "FORBIDDEN");
    let ClientError::Graphql { errors, .. } = error else { panic!("{error:?}") };
    assert_eq!(errors[0].path, [json!("ok"), json!(1)]);
    assert_eq!(client.stats().queries.failures, 0);
}

#[tokio::test]
async fn nulls_where_the_specification_wants_entries_left_out_are_read() {
    let body = r#"{ "data": { "ok": 1 }, "errors": null, "extensions": null }"#;
    let stub = Stub::start(Behaviour::Answer(JSON, body.to_owned())).await;
    let answer = query(&client(&stub.url, ClientSettings::default())).await.unwrap();
    assert_eq!(answer, json!({ "ok": 1 }));
}

#[tokio::test]
async fn a_refused_document_is_an_answer_in_both_media_types() {
    for head in [
        "400 Bad Request\r\ncontent-type: application/json; charset=utf-8",
        "400 Bad Request\r\ncontent-type: application/graphql-response+json",
        "500 Internal Server Error\r\ncontent-type: application/graphql-response+json",
    ] {
        let body = r#"{ "errors": [{ "message": "Syntax Error" }] }"#;
        let stub = Stub::start(Behaviour::Answer(head, body.to_owned())).await;
        let error = query(&client(&stub.url, ClientSettings::default())).await.unwrap_err();
        assert!(matches!(error, ClientError::Graphql { .. }), "{head}: {error:?}");
    }
}

#[tokio::test]
async fn what_is_no_graphql_is_a_bad_response_and_its_text_goes_nowhere() {
    let page = "<html>secret stack trace</html>".to_owned();
    let cases = [
        ("200 OK\r\ncontent-type: text/html", page.clone(), BadResponse::NotGraphql(200), 1),
        ("404 Not Found\r\ncontent-type: text/html", page.clone(), BadResponse::NotGraphql(404), 0),
        (JSON, page, BadResponse::Malformed, 0),
        (JSON, "[1, 2]".to_owned(), BadResponse::Malformed, 0),
    ];
    for (head, body, expected, failures) in cases {
        let stub = Stub::start(Behaviour::Answer(head, body)).await;
        let client = client(&stub.url, ClientSettings::default());
        let error = query(&client).await.unwrap_err();
        assert_eq!(error.code(), "SUBGRAPH_BAD_RESPONSE");
        assert!(!error.to_string().contains("secret"), "{error}");
        let ClientError::BadResponse { reason, .. } = error else { panic!("{error:?}") };
        assert_eq!(reason, expected, "{head}");
        assert_eq!(client.stats().queries.failures, failures, "{head}");
    }
}

#[tokio::test]
async fn data_of_another_shape_is_a_bad_response() {
    let stub = Stub::start(Behaviour::ok()).await;
    let client = client(&stub.url, ClientSettings::default());
    let deadline = Deadline::after(Duration::from_secs(1));
    let outcome: Result<Vec<u8>, _> =
        client.execute(OperationKind::Query, "{ ok }", json!({}), HeaderMap::new(), deadline).await;
    assert!(matches!(outcome, Err(ClientError::BadResponse { reason: BadResponse::UnexpectedData, .. })));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Stub::start(Behaviour::ok()).await;
    let head = format!("307 Temporary Redirect\r\nlocation: {}", elsewhere.url);
    let stub = Stub::start(Behaviour::status(head.leak())).await;
    let error = query(&client(&stub.url, ClientSettings::default())).await.unwrap_err();
    assert!(matches!(error, ClientError::BadResponse { reason: BadResponse::NotGraphql(307), .. }), "{error:?}");
    assert_eq!(elsewhere.hits(), 0);
}

#[tokio::test]
async fn a_rate_limit_is_told_apart_and_held_against_nobody() {
    let stub = Stub::start(Behaviour::status("429 Too Many Requests\r\nretry-after: 7")).await;
    let client = client(&stub.url, ClientSettings::default());
    let error = query(&client).await.unwrap_err();
    assert_eq!(error.code(), "RATE_LIMITED");
    let ClientError::RateLimited { retry_after, .. } = error else { panic!("{error:?}") };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
    assert_eq!((client.stats().queries.failures, stub.hits()), (0, 1));
}

#[tokio::test]
async fn a_status_of_500_is_unavailability_and_not_worth_a_retry() {
    let stub = Stub::start(Behaviour::status("500 Internal Server Error\r\ncontent-type: text/html")).await;
    let settings = ClientSettings { retry_ratio: 1.0, ..ClientSettings::default() };
    let error = query(&client(&stub.url, settings)).await.unwrap_err();
    assert_eq!(error.code(), "SUBGRAPH_UNAVAILABLE");
    assert!(matches!(error, ClientError::Unavailable { reason: Unavailable::Status(500), .. }), "{error:?}");
    assert_eq!(stub.hits(), 1);
}

#[test]
fn only_http_urls_make_a_client() {
    for url in ["", "/graphql", "ftp://127.0.0.1/", "file:///etc/passwd"] {
        assert!(client::Client::new("stub", url, ClientSettings::default()).is_err(), "{url}");
    }
}

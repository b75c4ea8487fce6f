//! GraphQL over HTTP: which media type, and which status code with it.

use reqwest::header::{ACCEPT, ALLOW, CONTENT_LENGTH, CONTENT_TYPE};

use crate::http_gateway::{TestGateway, code};

const MODERN: &str = "application/graphql-response+json";
const LEGACY: &str = "application/json";

#[tokio::test]
async fn the_status_of_a_request_error_depends_on_the_media_type() {
    let gateway = TestGateway::start().await;
    let cases = [
        ("{ hello }", 200, 200, ""),
        ("{ hello ", 400, 200, "GRAPHQL_PARSE_FAILED"),
        ("{ goodbye }", 400, 200, "GRAPHQL_VALIDATION_FAILED"),
        ("query($n: Int!) { hello @skip(if: $n) }", 400, 200, "GRAPHQL_VALIDATION_FAILED"),
        ("query A { hello } query B { hello }", 400, 200, "OPERATION_RESOLUTION_FAILURE"),
        ("query($name: String!) { hello(name: $name) }", 400, 200, "BAD_USER_INPUT"),
    ];
    for (document, modern, legacy, expected) in cases {
        for (media, status) in [(MODERN, modern), (LEGACY, legacy)] {
            let response = gateway.query(document).header(ACCEPT, media).send().await.unwrap();
            assert_eq!(response.status(), status, "{document} as {media}");
            assert_eq!(response.headers()[CONTENT_TYPE], format!("{media}; charset=utf-8"));
            assert_eq!(code(response).await, expected, "{document}");
        }
    }
}

#[tokio::test]
async fn without_an_accept_header_or_with_a_wildcard_the_answer_is_json() {
    let gateway = TestGateway::start().await;
    for accept in [None, Some("*/*"), Some("application/*")] {
        let request =
            accept.into_iter().fold(gateway.query("{ hello }"), |request, accept| request.header(ACCEPT, accept));
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json; charset=utf-8");
    }
}

#[tokio::test]
async fn a_media_type_that_no_response_has_is_refused_and_nothing_is_executed() {
    let gateway = TestGateway::start().await;
    let response = gateway.query("{ hello }").header(ACCEPT, "text/html").send().await.unwrap();
    assert_eq!(response.status(), 406);
    assert_eq!(code(response).await, "NOT_ACCEPTABLE");
    assert_eq!(gateway.subgraph_calls(), 0);
}

#[tokio::test]
async fn get_carries_queries_with_variables_and_an_operation_name() {
    let gateway = TestGateway::start().await;
    let parameters = [
        ("query", "query A { hello } query B($name: String) { hello(name: $name) }"),
        ("operationName", "B"),
        ("variables", r#"{"name":"Ada"}"#),
    ];
    let response = gateway.get(&parameters).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.text().await.unwrap(), r#"{"data":{"hello":"Hello, Ada!"}}"#);
}

#[tokio::test]
async fn t15_get_carries_no_mutation() {
    let gateway = TestGateway::start().await;
    for media in [MODERN, LEGACY] {
        let response = gateway.get(&[("query", "mutation { touch }")]).header(ACCEPT, media).send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.headers()[ALLOW].to_str().unwrap()), (405, "GET, POST"));
    }
    assert_eq!(gateway.subgraph_calls(), 0);
}

#[tokio::test]
async fn other_methods_and_paths_are_told_so() {
    let gateway = TestGateway::start().await;
    let head = gateway.client.head(gateway.url("/graphql?query={hello}")).send().await.unwrap();
    let length = head.headers()[CONTENT_LENGTH].to_str().unwrap().to_owned();
    assert_eq!((head.status().as_u16(), length.as_str()), (200, "32"), "what a GET has, without its body");
    assert_eq!(head.text().await.unwrap(), "");
    let put = gateway.client.put(gateway.url("/graphql")).send().await.unwrap();
    assert_eq!((put.status().as_u16(), put.headers()[ALLOW].to_str().unwrap()), (405, "GET, POST"));
    let elsewhere = gateway.client.get(gateway.url("/graphql/more")).send().await.unwrap();
    assert_eq!(elsewhere.status(), 404);
    assert_eq!(code(elsewhere).await, "NOT_FOUND");
}

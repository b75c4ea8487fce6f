//! Requests that are malformed, ambiguous or too large get a reason and cost no call.

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::http_gateway::{TestGateway, outcome};

#[tokio::test]
async fn t19_a_malformed_body_is_a_bad_request() {
    let gateway = TestGateway::start().await;
    let bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"not json".to_vec(),
        b"\"{ hello }\"".to_vec(),
        b"{}".to_vec(),
        br#"{"query":null}"#.to_vec(),
        br#"{"query":1}"#.to_vec(),
        br#"{"query":["{ hello }"]}"#.to_vec(),
        br#"{"query":"{ hello }","variables":"{}"}"#.to_vec(),
        br#"{"query":"{ hello }","variables":[]}"#.to_vec(),
        br#"{"query":"{ hello }","operationName":{}}"#.to_vec(),
        br#"{"query":"{ hello }","extensions":1}"#.to_vec(),
        br#"{"query":"{ hello }","query":"{ node { hello } }"}"#.to_vec(),
        br#"{"query":"{ hello }","variables":{"a":1,"a":2}}"#.to_vec(),
        br#"{"query":"{ hello }","variables":{"a":1e400}}"#.to_vec(),
        br#"{"query":"{ hello }","variables":{"a":"\ud800"}}"#.to_vec(),
        br#"{"query":"{ hello }"} {}"#.to_vec(),
        b"\xef\xbb\xbf{\"query\":\"{ hello }\"}".to_vec(),
        b"{\"query\":\"{ hello }\",\"variables\":{\"a\":\"\xff\"}}".to_vec(),
        "[".repeat(100_000).into_bytes(),
        format!(r#"{{"query":"{{ hello }}","variables":{{"a":{}}}}}"#, "[".repeat(100_000)).into_bytes(),
    ];
    for body in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        assert_eq!(outcome(gateway.post(body)).await, (400, "BAD_REQUEST".to_owned()), "{shown}");
    }
    assert_eq!(gateway.subgraph_calls(), 0);
}

#[tokio::test]
async fn null_parameters_and_unknown_ones_are_fine() {
    let gateway = TestGateway::start().await;
    let body = r#"{"query":"{ hello }","variables":null,"operationName":null,"extensions":null,"more":{"a":1}}"#;
    assert_eq!(outcome(gateway.post(body)).await, (200, String::new()));
}

#[tokio::test]
async fn t5_a_batch_is_refused_whatever_is_in_it() {
    let gateway = TestGateway::start().await;
    for count in [0, 1, 10, 2_000] {
        let batch = json!(vec![json!({ "query": "{ hello }" }); count]).to_string();
        assert_eq!(outcome(gateway.post(batch)).await, (400, "BATCHING_NOT_SUPPORTED".to_owned()), "{count}");
    }
    assert_eq!(gateway.subgraph_calls(), 0);
}

#[tokio::test]
async fn t15_only_json_is_taken_because_browsers_send_forms_without_asking() {
    let gateway = TestGateway::start().await;
    let body = json!({ "query": "mutation { touch }" }).to_string();
    let types = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=utf-16",
        "application/jsonp",
        "",
    ];
    for content_type in types {
        let request =
            gateway.client.post(gateway.url("/graphql")).header(CONTENT_TYPE, content_type).body(body.clone());
        assert_eq!(outcome(request).await, (415, "UNSUPPORTED_MEDIA_TYPE".to_owned()), "{content_type:?}");
    }
    let untyped = gateway.client.post(gateway.url("/graphql")).body(body.clone());
    assert_eq!(outcome(untyped).await.0, 415);
    let packed = gateway.post(body).header(CONTENT_ENCODING, "gzip");
    assert_eq!(outcome(packed).await, (415, "UNSUPPORTED_MEDIA_TYPE".to_owned()));
    assert_eq!(gateway.subgraph_calls(), 0);
}

#[tokio::test]
async fn the_case_and_parameters_of_the_content_type_do_not_matter() {
    let gateway = TestGateway::start().await;
    for content_type in
        ["application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\"", "application/json; v=1"]
    {
        let request = gateway.query("{ hello }");
        let mut request = request.build().unwrap();
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        assert_eq!(gateway.client.execute(request).await.unwrap().status(), 200, "{content_type}");
    }
}

#[tokio::test]
async fn a_repeated_or_broken_parameter_of_a_url_is_a_bad_request() {
    let gateway = TestGateway::start().await;
    let cases: [&[(&str, &str)]; 5] = [
        &[],
        &[("query", "{ hello }"), ("query", "{ hello }")],
        &[("query", "{ hello }"), ("variables", "{")],
        &[("query", "{ hello }"), ("variables", "[]")],
        &[("query", "{ hello }"), ("extensions", "1")],
    ];
    for parameters in cases {
        assert_eq!(outcome(gateway.get(parameters)).await, (400, "BAD_REQUEST".to_owned()), "{parameters:?}");
    }
}

#[tokio::test]
async fn a_persisted_query_is_answered_so_that_clients_send_the_whole_one() {
    let gateway = TestGateway::start().await;
    let body = json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": "00" } } }).to_string();
    assert_eq!(outcome(gateway.post(body)).await, (400, "PERSISTED_QUERY_NOT_SUPPORTED".to_owned()));
}

#[tokio::test]
async fn variables_are_bounded_in_nodes_and_depth() {
    let gateway = TestGateway::start().await;
    let body = |value: String| format!(r#"{{"query":"{{ hello }}","variables":{{"a":{value}}}}}"#);
    let list = |nodes: usize| body(format!("[{}]", vec!["1"; nodes].join(",")));
    // The body, the document, the variables and the list are four.
    assert_eq!(outcome(gateway.post(list(9_996))).await, (200, String::new()));
    assert_eq!(outcome(gateway.post(list(9_997))).await, (400, "BAD_REQUEST".to_owned()));
    let deep = |depth: usize| body(format!("{}{}", "[".repeat(depth - 1), "]".repeat(depth - 1)));
    assert_eq!(outcome(gateway.post(deep(16))).await, (200, String::new()));
    assert_eq!(outcome(gateway.post(deep(17))).await, (400, "BAD_REQUEST".to_owned()));
}

#[tokio::test]
async fn t47_a_body_over_256_kib_is_refused_before_it_is_sent() {
    let gateway = TestGateway::start().await;
    let document = r#"{"query":"{ hello }"}"#;
    let whole = document.to_owned() + &" ".repeat(256 * 1024 - document.len());
    assert_eq!(outcome(gateway.post(whole)).await, (200, String::new()));
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 262145\r\n\r\n";
    assert_eq!(status(&gateway, head).await, "413");
}

#[tokio::test]
async fn t52_too_many_or_too_large_headers_and_too_long_urls_are_refused() {
    let gateway = TestGateway::start().await;
    let many: String = (0..101).map(|at| format!("x-{at}: 1\r\n")).collect();
    let large = format!("x-large: {}\r\n", "a".repeat(64 * 1024));
    let target = format!("/graphql?query={}", "a".repeat(64 * 1024));
    let fine = "/graphql?query={__typename}";
    for (target, headers) in [(fine, many), (fine, large), (target.as_str(), String::new())] {
        let status = status(&gateway, &format!("GET {target} HTTP/1.1\r\nhost: x\r\n{headers}\r\n")).await;
        assert!(status == "431" || status == "414", "{status}");
    }
}

/// Of the answer to a request that is written as it is.
async fn status(gateway: &TestGateway, request: &str) -> String {
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    // The server may answer and close before all of it is written.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut line = [0; 12];
    stream.read_exact(&mut line).await.unwrap();
    String::from_utf8_lossy(&line[9..]).into_owned()
}

//! GraphiQL out of the binary.

use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    X_CONTENT_TYPE_OPTIONS,
};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use crate::http_gateway::TestGateway;

async fn start() -> TestGateway {
    TestGateway::with(|config| config.edge.playground = true).await
}

async fn get(gateway: &TestGateway, path: &str, more: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Response {
    more(gateway.client.get(gateway.url(path))).send().await.unwrap()
}

#[tokio::test]
async fn it_is_off_unless_asked_for() {
    let gateway = TestGateway::start().await;
    for path in ["/", "/playground-config.json", "/playground/playground.js"] {
        assert_eq!(get(&gateway, path, |request| request).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn the_page_and_all_its_files_are_served_under_a_policy_that_keeps_them_here() {
    let gateway = start().await;
    let files = [
        ("/", "text/html; charset=utf-8"),
        ("/playground/playground.js", "text/javascript; charset=utf-8"),
        ("/playground/playground.css", "text/css; charset=utf-8"),
        ("/playground/graphql.worker.js", "text/javascript; charset=utf-8"),
        ("/playground/editor.worker.js", "text/javascript; charset=utf-8"),
        ("/playground/json.worker.js", "text/javascript; charset=utf-8"),
        ("/playground/licenses.txt", "text/plain; charset=utf-8"),
    ];
    for (path, content_type) in files {
        let response = get(&gateway, path, |request| request.header(ACCEPT_ENCODING, "br, gzip;q=0.8")).await;
        assert_eq!(response.status(), 200, "{path}");
        let headers = response.headers();
        assert_eq!(headers[CONTENT_TYPE], content_type);
        assert_eq!(headers[CONTENT_ENCODING], "gzip");
        assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
        let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; ") && !policy.contains("http"), "{policy}");
        assert_eq!(response.bytes().await.unwrap()[..2], [0x1f, 0x8b]);
    }
}

#[tokio::test]
async fn a_client_without_gzip_gets_the_plain_file() {
    let gateway = start().await;
    for more in ["identity", "gzip;q=0"] {
        let response = get(&gateway, "/", |request| request.header(ACCEPT_ENCODING, more)).await;
        assert_eq!(response.headers().get(CONTENT_ENCODING), None);
        assert!(response.text().await.unwrap().contains("<!doctype html>"));
    }
}

#[tokio::test]
async fn a_file_that_the_browser_has_is_not_sent_again() {
    let gateway = start().await;
    let path = "/playground/playground.css";
    let etag = get(&gateway, path, |request| request).await.headers()[ETAG].clone();
    let again = get(&gateway, path, |request| request.header(IF_NONE_MATCH, &etag)).await;
    assert_eq!((again.status().as_u16(), again.bytes().await.unwrap().len()), (304, 0));
    let other = get(&gateway, path, |request| request.header(IF_NONE_MATCH, "W/\"0000000000000000\"")).await;
    assert_eq!(other.status(), 200);
}

#[tokio::test]
async fn files_that_do_not_exist_are_not_found_wherever_they_point() {
    let gateway = start().await;
    for path in [
        "/playground/nothing.js",
        "/playground/..%2f..%2fCargo.toml",
        "/playground/index.html.gz",
        "/graphql.worker.js",
    ] {
        assert_eq!(get(&gateway, path, |request| request).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn the_page_starts_with_the_configured_tabs() {
    let gateway = TestGateway::with(|config| {
        config.edge.playground = true;
        config.edge.playground_tabs =
            serde_json::from_value(json!([{ "query": "{ hello }", "headers": "{}" }])).unwrap();
    })
    .await;
    let config: Value = get(&gateway, "/playground-config.json", |request| request).await.json().await.unwrap();
    assert_eq!(config, json!({ "endpoint": "/graphql", "defaultTabs": [{ "query": "{ hello }", "headers": "{}" }] }));
}

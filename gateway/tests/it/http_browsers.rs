//! What browsers are told: which pages may read an answer, and what an answer must not be taken for.

use reqwest::Method;
use reqwest::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL,
    CONTENT_SECURITY_POLICY, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};

use crate::http_gateway::TestGateway;

#[tokio::test]
async fn every_answer_says_that_it_is_no_page_and_not_to_be_kept() {
    let gateway = TestGateway::start().await;
    let requests = [
        gateway.query("{ hello }"),
        gateway.query("{"),
        gateway.post("[]"),
        gateway.client.get(gateway.url("/health")),
        gateway.client.get(gateway.url("/ready")),
        gateway.client.get(gateway.url("/nowhere")),
        gateway.client.put(gateway.url("/graphql")),
        gateway.client.request(Method::OPTIONS, gateway.url("/graphql")),
    ];
    for request in requests {
        let response = request.send().await.unwrap();
        let headers = response.headers();
        assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff", "{response:?}");
        assert_eq!(headers[CACHE_CONTROL], "no-store");
        assert_eq!(headers[REFERRER_POLICY], "no-referrer");
        assert_eq!(
            headers[CONTENT_SECURITY_POLICY],
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
        );
        assert_eq!(headers["x-trace-id"].len(), 32);
    }
}

#[tokio::test]
async fn t16_no_origin_is_allowed_unless_it_is_listed() {
    let closed = TestGateway::start().await;
    let open = TestGateway::with(|config| {
        config.edge.cors_origins = vec!["https://shop.example".to_owned().try_into().unwrap()];
    })
    .await;
    let refused = [
        "https://evil.example",
        "null",
        "http://shop.example",
        "https://shop.example.evil.example",
        "https://shop.example:444",
    ];
    for (gateway, origin) in
        refused.map(|origin| (&open, origin)).into_iter().chain([(&closed, "https://shop.example")])
    {
        let response = gateway.query("{ hello }").header(ORIGIN, origin).send().await.unwrap();
        assert_eq!(response.headers().get(ACCESS_CONTROL_ALLOW_ORIGIN), None, "{origin}");
        assert_eq!(response.headers().get(ACCESS_CONTROL_ALLOW_CREDENTIALS), None);
    }
    let response = open.query("{ hello }").header(ORIGIN, "https://shop.example").send().await.unwrap();
    assert_eq!(response.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "https://shop.example");
    assert_eq!(response.headers().get(ACCESS_CONTROL_ALLOW_CREDENTIALS), None);
}

#[tokio::test]
async fn a_listed_page_may_send_tokens_and_the_headers_that_are_forwarded() {
    let gateway = TestGateway::with(|config| {
        config.edge.cors_origins = vec!["https://shop.example".to_owned().try_into().unwrap()];
        config.edge.forward_headers = vec!["x-tenant".to_owned().try_into().unwrap()];
    })
    .await;
    let preflight = gateway
        .client
        .request(Method::OPTIONS, gateway.url("/graphql"))
        .header(ORIGIN, "https://shop.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,x-tenant");
    let response = preflight.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let allowed = response.headers()[ACCESS_CONTROL_ALLOW_HEADERS].to_str().unwrap();
    for name in ["authorization", "content-type", "x-tenant"] {
        assert!(allowed.split(',').any(|header| header.trim() == name), "{allowed}");
    }
}

#[tokio::test]
async fn every_origin_means_every_origin_but_never_with_credentials() {
    let gateway = TestGateway::with(|config| {
        config.edge.cors_origins = vec!["*".to_owned().try_into().unwrap()];
    })
    .await;
    let response = gateway.query("{ hello }").header(ORIGIN, "https://any.example").send().await.unwrap();
    assert_eq!(response.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert_eq!(response.headers().get(ACCESS_CONTROL_ALLOW_CREDENTIALS), None);
}

//! What of a client's headers reaches a subgraph.

use std::collections::BTreeMap;

use gateway::pipeline::SubgraphSettings;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::http_gateway::TestGateway;

#[tokio::test]
async fn t14_headers_that_a_subgraph_could_trust_stop_at_the_edge() {
    let gateway = TestGateway::start().await;
    let spoofed = [
        "x-user-id",
        "x-roles",
        "x-forwarded-for",
        "x-forwarded-host",
        "forwarded",
        "x-real-ip",
        "x-gateway-secret",
        "x-deadline-ms",
        "cookie",
        "proxy-authorization",
        "x-anything-else",
    ];
    let request = spoofed.iter().fold(gateway.query("{ headers }"), |request, name| request.header(*name, "1"));
    let body: Value = request.send().await.unwrap().json().await.unwrap();
    let seen: Vec<&str> = body["data"]["headers"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for name in spoofed.into_iter().filter(|name| *name != "x-deadline-ms") {
        assert!(!seen.contains(&name), "{name} in {seen:?}");
    }
    assert_ne!(header(&gateway, "x-deadline-ms", "1").await, json!(["1"]));
}

#[tokio::test]
async fn configured_headers_and_the_token_travel_on() {
    let gateway = TestGateway::with(|config| {
        config.edge.forward_headers = vec!["x-tenant".to_owned().try_into().unwrap()];
    })
    .await;
    assert_eq!(header(&gateway, "x-tenant", "north").await, json!(["north"]));
    assert_eq!(header(&gateway, "authorization", "Bearer anything").await, json!(["Bearer anything"]));
}

#[tokio::test]
async fn the_trace_goes_on_and_its_id_comes_back() {
    let gateway = TestGateway::start().await;
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let parent = format!("00-{trace}-b7ad6b7169203331-01");
    let request = gateway.query(r#"{ header(name: "traceparent") }"#).header("traceparent", &parent);
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["x-trace-id"], trace);
    let body: Value = response.json().await.unwrap();
    let seen = body["data"]["header"][0].as_str().unwrap();
    assert!(seen.starts_with(&format!("00-{trace}-")) && seen != parent, "{seen}");
}

#[test]
fn a_header_that_the_gateway_sets_cannot_be_configured_for_forwarding() {
    for name in ["authorization", "Content-Length", "host", "connection", "x-deadline-ms", "no header"] {
        assert!(gateway::http::ForwardedHeader::try_from(name.to_owned()).is_err(), "{name}");
    }
}

async fn header(gateway: &TestGateway, name: &str, value: &str) -> Value {
    let document = format!("{{ header(name: \"{name}\") }}");
    let response = gateway.query(&document).header(name, value).send().await.unwrap();
    response.json::<Value>().await.unwrap()["data"]["header"].clone()
}

#[tokio::test]
async fn a_subgraphs_own_headers_go_with_every_request_and_no_client_can_replace_them() {
    let gateway = TestGateway::with(|config| {
        config.edge.forward_headers = vec!["x-gateway-credential".to_owned().try_into().unwrap()];
        let headers = BTreeMap::from([("x_gateway_credential".to_owned(), SecretString::from("the secret"))]);
        let own = SubgraphSettings { headers: headers.try_into().unwrap(), ..SubgraphSettings::default() };
        assert!(!format!("{own:?}").contains("the secret"), "{own:?}");
        assert!(!serde_json::to_string(&own).unwrap().contains("the secret"));
        config.engine.subgraphs.insert("stub".to_owned(), own);
    })
    .await;
    assert_eq!(header(&gateway, "x-gateway-credential", "a guess").await, json!(["the secret"]));
}

#[test]
fn own_headers_are_read_from_settings_and_a_wrong_one_is_named() {
    let read = |json: &str| serde_json::from_str::<SubgraphSettings>(json);
    read(r#"{ "headers": { "x-gateway-credential": "abc" } }"#).unwrap();
    for (json, named) in [
        (r#"{ "headers": { "host": "abc" } }"#, "`host`"),
        (r#"{ "headers": { "x y": "abc" } }"#, "`x y`"),
        (r#"{ "headers": { "x-a": "line\nbreak" } }"#, "`x-a`"),
    ] {
        let error = read(json).unwrap_err().to_string();
        assert!(error.contains(named) && !error.contains("break"), "{error}");
    }
}

use axum::Router;
use axum::routing::get;
use http::HeaderMap;
use service::serve::ServeSettings;
use service::telemetry::{TelemetrySettings, TraceContext, init, propagate};

use crate::server::start_with;

#[tokio::test]
async fn a_callers_trace_is_continued_by_calls_made_for_it() {
    let outgoing = Router::new().route(
        "/outgoing",
        get(|| async {
            let mut headers = HeaderMap::new();
            propagate(&mut headers);
            headers["traceparent"].to_str().unwrap().to_owned() + "|" + headers["tracestate"].to_str().unwrap()
        }),
    );
    let server = start_with(ServeSettings::default(), outgoing).await;
    let (trace, parent) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let sent = format!("traceparent: 00-{trace}-{parent}-00\r\ntracestate: vendor=1");
    let answer =
        server.answer(&format!("GET /outgoing HTTP/1.1\r\nhost: a\r\n{sent}\r\nconnection: close\r\n\r\n")).await;
    assert!(answer.contains(&format!("x-trace-id: {trace}")), "{answer}");
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    assert!(body.starts_with(&format!("00-{trace}-")) && body.ends_with("-00|vendor=1"), "{body}");
    assert!(!body.contains(parent), "the span is our own: {body}");
}

#[test]
fn without_a_trace_or_with_two_a_new_one_begins() {
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let mut twice = HeaderMap::new();
    twice.append("traceparent", parent.parse().unwrap());
    twice.append("traceparent", parent.parse().unwrap());
    for headers in [HeaderMap::new(), twice] {
        let (one, other) = (TraceContext::of(&headers), TraceContext::of(&headers));
        assert_ne!(one.trace_id(), other.trace_id());
        assert_eq!(one.trace_id().len(), 32);
    }
    assert_eq!(TraceContext::current(), None);
}

#[test]
fn a_filter_that_does_not_parse_is_named() {
    let settings = TelemetrySettings { filter: "info,=nonsense=".to_owned(), ..TelemetrySettings::default() };
    let error = init("test", &settings).unwrap_err();
    assert_eq!(error.to_string(), r#"bad setting `telemetry.filter` = "info,=nonsense=""#);
}

#[tokio::test]
async fn metrics_are_shown_on_an_address_of_their_own_that_must_be_free() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let settings = TelemetrySettings { metrics_listen: Some(address), ..TelemetrySettings::default() };
    let error = init("test", &settings).unwrap_err();
    assert_eq!(error.to_string(), format!("bad setting `telemetry.metrics_listen` = {address}"));
    drop(taken);
    init("test", &settings).unwrap();
    metrics::gauge!("mercado_test").set(2.5);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let shown = http.get(format!("http://{address}/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(shown.contains("mercado_test 2.5"), "{shown}");
}

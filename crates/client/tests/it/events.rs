//! Subscriptions: events as they come, and every way in which they stop coming.

use std::time::Duration;

use bytes::Bytes;
use client::{BadResponse, BreakerState, Client, ClientError, ClientSettings, Deadline, Events, Unavailable};
use http::HeaderMap;

use crate::stub::{Behaviour, EVENTS, JSON, Stub, client, query};

async fn subscribe(client: &Client) -> Result<Events, ClientError> {
    let body = Bytes::from_static(br#"{"query":"subscription { ok }"}"#);
    client.subscribe(body, HeaderMap::new(), Deadline::after(Duration::from_secs(2))).await
}

/// All results, and the error that ended the stream.
async fn collect(settings: ClientSettings, behaviour: Behaviour) -> (Vec<Bytes>, Option<ClientError>) {
    let stub = Stub::start(behaviour).await;
    let mut events = subscribe(&client(&stub.url, settings)).await.unwrap();
    let mut results = Vec::new();
    while let Some(event) = events.next().await {
        match event {
            Ok(result) => results.push(result),
            Err(error) => {
                assert!(events.next().await.is_none());
                return (results, Some(error));
            }
        }
    }
    assert!(events.next().await.is_none());
    (results, None)
}

fn cut(error: &Option<ClientError>) -> bool {
    matches!(error, Some(ClientError::Unavailable { reason: Unavailable::Connection, .. }))
}

#[tokio::test]
async fn events_come_until_the_service_says_that_there_are_no_more() {
    let text = ":\n\nevent: next\ndata: {\"data\":1}\n\nevent: next\ndata: {\"data\":2}\n\nevent: complete\ndata:\n\n";
    for behaviour in [Behaviour::Stream(text), Behaviour::Answer(EVENTS, text.to_owned())] {
        let (results, error) = collect(ClientSettings::default(), behaviour).await;
        assert_eq!(results, [r#"{"data":1}"#, r#"{"data":2}"#]);
        assert!(error.is_none());
    }
}

#[tokio::test]
async fn the_service_is_asked_for_events_and_told_of_no_deadline() {
    let stub = Stub::start(Behaviour::Stream(":\n\n")).await;
    let client = client(&stub.url, ClientSettings::default());
    let mut headers = HeaderMap::new();
    headers.insert("x-deadline-ms", "5".parse().unwrap());
    headers.insert("authorization", "Bearer abc".parse().unwrap());
    let opening = Deadline::after(Duration::from_secs(2));
    let _events = client.subscribe(Bytes::from_static(b"{}"), headers, opening).await.unwrap();
    let head = &stub.requests()[0].head;
    assert!(head.contains("accept: text/event-stream\r\n") && head.contains("authorization: bearer abc\r\n"), "{head}");
    assert!(!head.contains("x-deadline-ms"), "{head}");
}

#[tokio::test]
async fn an_answer_in_place_of_a_stream_is_its_only_event() {
    let refusal = r#"{"errors":[{"message":"no"}]}"#;
    for head in [JSON, "400 Bad Request\r\ncontent-type: application/graphql-response+json"] {
        let answer = Behaviour::Answer(head, refusal.to_owned());
        let (results, error) = collect(ClientSettings::default(), answer).await;
        assert_eq!((results, error.is_none()), (vec![Bytes::from_static(refusal.as_bytes())], true));
    }
}

#[tokio::test]
async fn a_stream_that_ends_without_saying_so_or_falls_silent_is_an_error() {
    let one = "event: next\ndata: {}\n\nevent: next\ndata: {";
    let (results, error) = collect(ClientSettings::default(), Behaviour::Answer(EVENTS, one.to_owned())).await;
    assert!(cut(&error), "{error:?}");
    assert_eq!(results, ["{}"]);
    let impatient = ClientSettings { event_timeout: Duration::from_millis(100), ..ClientSettings::default() };
    let (results, error) = collect(impatient, Behaviour::Stream(one)).await;
    assert!(cut(&error), "{error:?}");
    assert_eq!(results, ["{}"]);
}

#[tokio::test]
async fn an_event_larger_than_an_answer_may_be_is_refused() {
    let settings = ClientSettings { max_response_bytes: 1_000, ..ClientSettings::default() };
    for line_end in ["", "\n\n"] {
        let large = format!("event: next\ndata: {{}}\n\nevent: next\ndata: {}{line_end}", "x".repeat(2_000));
        let (results, error) = collect(settings.clone(), Behaviour::Answer(EVENTS, large)).await;
        assert_eq!(results, ["{}"]);
        let too_large = Some(ClientError::BadResponse { service: "stub".to_owned(), reason: BadResponse::TooLarge });
        assert_eq!(format!("{error:?}"), format!("{too_large:?}"));
    }
}

#[tokio::test]
async fn only_the_opening_takes_a_place_and_counts_for_the_breaker() {
    let stub = Stub::start(Behaviour::Stream(":\n\n")).await;
    let settings = ClientSettings { max_in_flight: 1, max_queued: 0, ..ClientSettings::default() };
    let client = client(&stub.url, settings);
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(subscribe(&client).await.unwrap());
    }
    let stats = client.stats();
    assert_eq!((stats.in_flight, stats.queries.calls, stats.queries.permits), (0, 3, 0));
    assert_eq!(stub.concurrent(), 3);
    stub.behave(Behaviour::ok());
    query(&client).await.unwrap();
}

#[tokio::test]
async fn dropping_a_stream_closes_its_connection() {
    let stub = Stub::start(Behaviour::Stream(":\n\n")).await;
    let events = subscribe(&client(&stub.url, ClientSettings::default())).await.unwrap();
    assert_eq!(stub.concurrent(), 1);
    drop(events);
    let closed = async {
        while stub.concurrent() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), closed).await.unwrap();
}

#[tokio::test]
async fn openings_that_fail_open_the_breaker() {
    let stub = Stub::start(Behaviour::status("500 Internal Server Error")).await;
    let client = client(&stub.url, ClientSettings { max_retries: 0, ..ClientSettings::default() });
    for _ in 0..20 {
        subscribe(&client).await.unwrap_err();
    }
    assert_eq!(client.stats().queries.state, BreakerState::Open);
    let error = subscribe(&client).await.unwrap_err();
    assert!(matches!(error, ClientError::Unavailable { reason: Unavailable::BreakerOpen, .. }), "{error:?}");
    assert_eq!(stub.hits(), 20);
}

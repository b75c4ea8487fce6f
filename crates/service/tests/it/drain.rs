//! Row 0.7 of the threat model, and what load balancers need.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use service::serve::ServeSettings;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::server::{response, rest, start, start_with};

#[tokio::test]
async fn in_the_lame_duck_time_readiness_is_gone_and_everything_else_is_served_with_a_close() {
    let server = start(ServeSettings { lame_duck: Duration::from_millis(500), ..ServeSettings::default() }).await;
    server.shutdown.trigger();
    let ready = server.answer("GET /ready HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(ready.starts_with("HTTP/1.1 503 ") && ready.ends_with(r#""failing":"shutdown"}"#), "{ready}");
    // No `connection: close` was asked for: that the answer ends is the server's doing.
    let health = server.answer("GET /health HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(health.starts_with("HTTP/1.1 200 ") && health.contains("connection: close"), "{health}");
    timeout(Duration::from_secs(5), server.task).await.unwrap().unwrap();
    assert!(TcpStream::connect(server.addr).await.is_err(), "the port is free");
}

#[tokio::test]
async fn a_request_in_flight_is_answered_and_an_idle_connection_closed_at_once() {
    let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (inside, gate) = (entered.clone(), release.clone());
    let slow = Router::new().route(
        "/slow",
        get(|| async move {
            inside.notify_one();
            gate.notified().await;
            "done"
        }),
    );
    let server = start_with(ServeSettings::default(), slow).await;
    let mut idle = server.connect().await;
    idle.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    response(&mut idle).await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    entered.notified().await;

    server.shutdown.trigger();
    assert_eq!(rest(&mut idle).await, "");
    assert!(!server.task.is_finished());
    release.notify_one();
    assert!(rest(&mut busy).await.ends_with("done"));
    timeout(Duration::from_secs(5), server.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_with_a_slow_body_holds_the_drain_no_longer_than_its_deadline() {
    let deadline = Duration::from_millis(300);
    let server = start(ServeSettings { drain_timeout: deadline, ..ServeSettings::default() }).await;
    let mut slow = server.connect().await;
    slow.write_all(b"POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nsome").await.unwrap();
    server.assert_alive().await;
    let started = Instant::now();
    server.shutdown.trigger();
    timeout(Duration::from_secs(5), server.task).await.expect("the server must end").unwrap();
    assert!(started.elapsed() < deadline + Duration::from_secs(1), "{:?}", started.elapsed());
    rest(&mut slow).await;
}

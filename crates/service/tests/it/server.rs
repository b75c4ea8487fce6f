//! A server on a port of its own, and bare sockets to speak to it; and that it serves at all.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use service::health::Health;
use service::serve::{BindError, BoundServer, ServeSettings};
use service::shutdown::Shutdown;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    pub(crate) shutdown: Shutdown,
    pub(crate) task: JoinHandle<()>,
}

pub(crate) async fn start(settings: ServeSettings) -> Server {
    start_with(settings, Router::new()).await
}

/// Serves `/length` (of a body), `/panic`, `/health`, `/ready` and `routes`.
pub(crate) async fn start_with(settings: ServeSettings, routes: Router) -> Server {
    let server = BoundServer::bind("127.0.0.1:0".parse().unwrap(), &settings).await.unwrap();
    let (addr, shutdown) = (server.local_addr(), Shutdown::new());
    let router = Router::new()
        .route("/length", post(|body: Bytes| async move { body.len().to_string() }))
        .route("/panic", get(|| async { panic!("with a secret") as &str }))
        .merge(Health::new(shutdown.clone()).router())
        .merge(routes);
    let task = tokio::spawn(server.run(router, shutdown.clone()));
    Server { addr, shutdown, task }
}

impl Server {
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    /// All that is answered to `request` until the server closes.
    pub(crate) async fn answer(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        rest(&mut stream).await
    }

    pub(crate) async fn assert_alive(&self) {
        let answer = self.answer("GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    }
}

/// What is left to read until the end of the connection, which must come within five seconds.
pub(crate) async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset after the answer is an end too: the server closes on requests that it has not read whole.
    let _ = timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await.expect("the connection must end");
    String::from_utf8(answer).unwrap()
}

/// One response with a body of a known length, on a connection that stays open.
pub(crate) async fn response(stream: &mut TcpStream) -> String {
    let mut answer = String::new();
    loop {
        let mut chunk = [0; 1024];
        let length = timeout(Duration::from_secs(5), stream.read(&mut chunk)).await.unwrap().unwrap();
        assert_ne!(length, 0, "the connection ended: {answer}");
        answer += std::str::from_utf8(&chunk[..length]).unwrap();
        let Some((head, body)) = answer.split_once("\r\n\r\n") else { continue };
        let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
        if body.len() >= length.parse().unwrap() {
            return answer;
        }
    }
}

#[tokio::test]
async fn an_answer_carries_its_trace() {
    let server = start(ServeSettings::default()).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let answer = response(&mut stream).await;
    assert!(answer.contains("x-trace-id: "), "{answer}");
}

#[tokio::test]
async fn a_panic_is_a_500_without_its_text_and_the_server_lives() {
    let server = start(ServeSettings::default()).await;
    let answer = server.answer("GET /panic HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(
        answer.ends_with(r#"{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}]}"#),
        "{answer}"
    );
    server.assert_alive().await;
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let server = start(ServeSettings::default()).await;
    let error = BoundServer::bind(server.addr, &ServeSettings::default()).await.unwrap_err();
    assert!(matches!(error, BindError::Taken { .. }), "{error:?}");
    assert_eq!(error.addr(), server.addr);
    assert_eq!(error.to_string(), format!("cannot listen on {}: another process has taken the port", server.addr));
}

#[tokio::test]
async fn readiness_names_the_first_check_that_fails_but_not_its_reason() {
    let shutdown = Shutdown::new();
    let health = Health::new(shutdown.clone())
        .check("database", || async { Ok(()) })
        .check("keys", || async { Err("password wrong for bob".to_owned()) })
        .check("disk", || async { Err("full".to_owned()) });
    let server = BoundServer::bind("127.0.0.1:0".parse().unwrap(), &ServeSettings::default()).await.unwrap();
    let addr = server.local_addr();
    let task = tokio::spawn(server.run(health.router(), shutdown.clone()));
    let server = Server { addr, shutdown, task };
    let answer = server.answer("GET /ready HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.ends_with(r#"{"status":"unavailable","failing":"keys"}"#), "{answer}");
    server.assert_alive().await;
}

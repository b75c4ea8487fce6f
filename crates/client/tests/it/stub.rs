//! A service on a port of its own, written on bare TCP so that it can misbehave.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use client::{Client, ClientError, ClientSettings, Deadline, OperationKind};
use http::HeaderMap;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// What the service does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    /// A complete response: status line and headers without the length, then the body.
    Answer(&'static str, String),
    /// A good answer, late.
    Slow(Duration),
    /// A good answer that promises to keep the connection, which is closed all the same.
    HangUp,
    /// Announces more than it sends, then closes.
    CutMidBody,
    /// Closes with RST before a byte is answered.
    Reset,
    /// A good beginning, then one byte a second.
    Drip,
    /// A body without an end.
    Endless,
    /// A stream of events that begins so and stays open.
    Stream(&'static str),
    /// Only the announcement of a large body.
    Announce(u64),
}

pub(crate) const JSON: &str = "200 OK\r\ncontent-type: application/json";

pub(crate) const EVENTS: &str = "200 OK\r\ncontent-type: text/event-stream; charset=utf-8";

impl Behaviour {
    pub(crate) fn ok() -> Self {
        Self::data(&json!({ "ok": true }))
    }

    pub(crate) fn data(data: &Value) -> Self {
        Self::Answer(JSON, json!({ "data": data }).to_string())
    }

    pub(crate) fn status(status: &'static str) -> Self {
        Self::Answer(status, String::new())
    }
}

#[derive(Default)]
struct Shared {
    behaviour: Mutex<Option<Behaviour>>,
    requests: Mutex<Vec<Received>>,
    concurrent: AtomicUsize,
    most_concurrent: AtomicUsize,
}

#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Lower case, as sent.
    pub(crate) head: String,
    pub(crate) body: Value,
}

pub(crate) struct Stub {
    pub(crate) url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

impl Stub {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        *shared.behaviour.lock().unwrap() = Some(behaviour);
        let server = tokio::spawn(accept(listener, shared.clone()));
        Self { url, shared, server }
    }

    pub(crate) fn behave(&self, behaviour: Behaviour) {
        *self.shared.behaviour.lock().unwrap() = Some(behaviour);
    }

    pub(crate) fn requests(&self) -> Vec<Received> {
        self.shared.requests.lock().unwrap().clone()
    }

    pub(crate) fn hits(&self) -> usize {
        self.requests().len()
    }

    /// Requests that are being answered now.
    pub(crate) fn concurrent(&self) -> usize {
        self.shared.concurrent.load(Ordering::SeqCst)
    }

    pub(crate) fn most_concurrent(&self) -> usize {
        self.shared.most_concurrent.load(Ordering::SeqCst)
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A client named `stub` of the service at `url`.
pub(crate) fn client(url: &str, settings: ClientSettings) -> Client {
    Client::new("stub", url, settings).unwrap()
}

pub(crate) async fn ask(client: &Client, kind: OperationKind) -> Result<Value, ClientError> {
    ask_within(client, kind, Duration::from_secs(2)).await
}

pub(crate) async fn ask_within(client: &Client, kind: OperationKind, budget: Duration) -> Result<Value, ClientError> {
    client.execute(kind, "{ ok }", json!({}), HeaderMap::new(), Deadline::after(budget)).await
}

pub(crate) async fn query(client: &Client) -> Result<Value, ClientError> {
    ask(client, OperationKind::Query).await
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(serve(stream, shared.clone()));
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let Some(received) = receive(&mut stream).await else { return };
    shared.requests.lock().unwrap().push(received);
    let now = shared.concurrent.fetch_add(1, Ordering::SeqCst) + 1;
    shared.most_concurrent.fetch_max(now, Ordering::SeqCst);
    let behaviour = shared.behaviour.lock().unwrap().clone().unwrap();
    // A client that hangs up in the middle is one of the things tested.
    let _ = answer(&mut stream, behaviour).await;
    shared.concurrent.fetch_sub(1, Ordering::SeqCst);
}

async fn receive(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length: usize = head.split("content-length: ").nth(1)?.lines().next()?.trim().parse().ok()?;
            if body.len() >= length {
                return Some(Received { head, body: serde_json::from_str(body).ok()? });
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await.ok()? {
            0 => return None,
            length => bytes.extend_from_slice(&chunk[..length]),
        }
    }
}

async fn answer(stream: &mut TcpStream, behaviour: Behaviour) -> std::io::Result<()> {
    match behaviour {
        Behaviour::Answer(head, body) => whole(stream, head, &body).await,
        Behaviour::Slow(delay) => {
            sleep(delay).await;
            whole(stream, JSON, r#"{"data":{"ok":true}}"#).await
        }
        Behaviour::HangUp => {
            let body = r#"{"data":{"ok":true}}"#;
            write(stream, &format!("HTTP/1.1 {JSON}\r\ncontent-length: {}\r\n\r\n{body}", body.len())).await
        }
        Behaviour::CutMidBody => {
            write(stream, &format!("HTTP/1.1 {JSON}\r\ncontent-length: 100\r\n\r\n{{\"data\":")).await
        }
        Behaviour::Reset => stream.set_zero_linger(),
        Behaviour::Drip => {
            write(stream, &format!("HTTP/1.1 {JSON}\r\ncontent-length: 1000\r\n\r\n{{\"data\":")).await?;
            loop {
                sleep(Duration::from_secs(1)).await;
                write(stream, " ").await?;
            }
        }
        Behaviour::Endless => {
            write(stream, &format!("HTTP/1.1 {JSON}\r\ntransfer-encoding: chunked\r\n\r\n")).await?;
            let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
            loop {
                write(stream, &chunk).await?;
            }
        }
        Behaviour::Stream(text) => {
            let length = text.len();
            write(stream, &format!("HTTP/1.1 {EVENTS}\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n{text}\r\n"))
                .await?;
            // Until the client hangs up.
            stream.read(&mut [0]).await.map(drop)
        }
        Behaviour::Announce(length) => {
            write(stream, &format!("HTTP/1.1 {JSON}\r\ncontent-length: {length}\r\n\r\n")).await?;
            // Until the client hangs up.
            stream.read(&mut [0]).await.map(drop)
        }
    }
}

async fn whole(stream: &mut TcpStream, head: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    write(stream, &format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")).await
}

async fn write(stream: &mut TcpStream, text: &str) -> std::io::Result<()> {
    stream.write_all(text.as_bytes()).await
}

//! A service on a port of its own, written on bare TCP so that it can misbehave.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use client::{Client, ClientError, ClientSettings, Deadline, OperationKind};
use http::HeaderMap;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

mod behaviour;

use behaviour::answer;
pub(crate) use behaviour::{Behaviour, EVENTS, JSON};

#[derive(Default)]
struct Shared {
    behaviour: Mutex<Option<Behaviour>>,
    requests: Mutex<Vec<Received>>,
    accepted: AtomicUsize,
    open: AtomicUsize,
    concurrent: AtomicUsize,
    most_concurrent: AtomicUsize,
}

#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Lower case, as sent.
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// Dropped, it is gone with all its connections.
pub(crate) struct Stub {
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

impl Stub {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), behaviour).await
    }

    pub(crate) async fn start_at(address: SocketAddr, behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}/graphql");
        let shared = Arc::new(Shared::default());
        *shared.behaviour.lock().unwrap() = Some(behaviour);
        let server = tokio::spawn(accept(listener, shared.clone()));
        Self { url, address, shared, server }
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

    /// Connections there have ever been.
    pub(crate) fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// Connections that are open now.
    pub(crate) fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
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

/// Waits for what happens by itself.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap();
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Aborted with this task, which closes the connections.
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        shared.accepted.fetch_add(1, Ordering::SeqCst);
        let shared = shared.clone();
        connections.spawn(async move {
            shared.open.fetch_add(1, Ordering::SeqCst);
            serve(stream, &shared).await;
            shared.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

async fn serve(mut stream: TcpStream, shared: &Shared) {
    for nth in 0.. {
        let Some(received) = receive(&mut stream).await else { return };
        let hits = {
            let mut requests = shared.requests.lock().unwrap();
            requests.push(received);
            requests.len()
        };
        let mut behaviour = shared.behaviour.lock().unwrap().clone().unwrap();
        match behaviour {
            Behaviour::KeepThenReset if nth > 0 => behaviour = Behaviour::Reset,
            Behaviour::EverySecond if hits % 2 == 1 => behaviour = Behaviour::status("500 Internal Server Error"),
            Behaviour::Hiccup(every, delay) if hits % every == 0 => tokio::time::sleep(delay).await,
            _ => {}
        }
        let keeps = behaviour.keeps();
        let now = shared.concurrent.fetch_add(1, Ordering::SeqCst) + 1;
        if let Behaviour::Crowded(width, delay) = behaviour {
            behaviour = Behaviour::Late(delay.mul_f64((now as f64 / width as f64).max(1.0)));
        }
        shared.most_concurrent.fetch_max(now, Ordering::SeqCst);
        // A client that hangs up in the middle is one of the things tested.
        let _ = answer(&mut stream, behaviour).await;
        shared.concurrent.fetch_sub(1, Ordering::SeqCst);
        if !keeps {
            return;
        }
    }
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

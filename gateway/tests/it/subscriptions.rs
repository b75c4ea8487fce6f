//! A subgraph whose events a test sends, one that knows more of what the events are about, and a gateway before both.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use futures_util::future::pending;
use futures_util::stream;
use gateway::config::Config;
use gateway::http;
use gateway::pipeline::Gateway;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use serde_json::{Value, json};
use service::serve::BoundServer;
use service::shutdown::Shutdown;
use service::token::Verifier;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{self, Receiver, Sender, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinHandle;

use crate::engine::{Subgraph, supergraph};

/// For everything that should happen soon, on a machine that may be busy.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const SSE: &str = "text/event-stream";

pub(crate) const MULTIPART: &str = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0, application/json";

pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.unwrap()
}

/// Streams what the test sends to whoever subscribes.
pub(crate) struct Feed {
    pub(crate) subgraph: Subgraph,
    openings: Mutex<UnboundedReceiver<Opening>>,
}

/// One subscription as the feed got it.
pub(crate) struct Opening {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    text: Sender<String>,
}

impl Feed {
    pub(crate) async fn start() -> Self {
        let (announce, openings) = mpsc::unbounded_channel();
        let router = Router::new().route("/graphql", post(stream_events)).with_state(announce);
        let sdl = r#"
            type Query { feed: String }
            type Subscription {
                stock: Stock!
                stocks: [Stock!]!
                audit: Stock @requiresScopes(scopes: [["stock:read"]])
            }
            type Stock { left: Int! product: Product raw: Raw }
            scalar Raw
            type Product @key(fields: "id") { id: ID! }
        "#;
        Self { subgraph: Subgraph::routed("feed", sdl, router).await, openings: Mutex::new(openings) }
    }

    pub(crate) async fn opened(&self) -> Opening {
        soon(async { self.openings.lock().await.recv().await }).await.unwrap()
    }

    pub(crate) async fn is_unopened(&self) -> bool {
        self.openings.lock().await.is_empty()
    }
}

impl Opening {
    /// Ends when the gateway's connection has taken what was sent before.
    pub(crate) async fn send(&self, result: &Value) {
        self.write(format!("event: next\ndata: {result}\n\n")).await.unwrap();
    }

    pub(crate) async fn stock(&self, left: i32, product: &str) {
        self.send(&event(left, product)).await;
    }

    pub(crate) async fn complete(self) {
        self.write("event: complete\ndata:\n\n".to_owned()).await.unwrap();
    }

    /// Fails once the gateway has closed the connection.
    pub(crate) async fn write(&self, text: String) -> Result<(), mpsc::error::SendError<String>> {
        soon(self.text.send(text)).await
    }

    /// Ends when the gateway has closed the connection.
    pub(crate) async fn closed(&self) {
        soon(self.text.closed()).await;
    }
}

pub(crate) fn event(left: i32, product: &str) -> Value {
    json!({ "data": { "stock": stock(left, product) } })
}

pub(crate) fn stock(left: i32, product: &str) -> Value {
    json!({ "left": left, "product": { "__typename": "Product", "id": product } })
}

async fn stream_events(
    State(openings): State<UnboundedSender<Opening>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let (text, sent) = mpsc::channel(1);
    openings.send(Opening { headers, body, text }).ok();
    let chunks = stream::unfold(sent, |mut sent: Receiver<String>| async {
        Some((Ok::<_, Infallible>(sent.recv().await?), sent))
    });
    ([(CONTENT_TYPE, SSE)], Body::from_stream(chunks)).into_response()
}

pub(crate) const PRODUCTS: &str = r#"
    type Query { version: String }
    type Product @key(fields: "id") { id: ID! name: String price: Int! }
"#;

pub(crate) async fn products() -> Subgraph {
    let entities = json!([
        { "__typename": "Product", "id": "p1", "name": "Tea", "price": 5 },
        { "__typename": "Product", "id": "p2", "name": "Cup", "price": null }
    ]);
    Subgraph::new("products", PRODUCTS, json!({ "Query": {}, "entities": entities })).await
}

/// A running gateway before a feed and products; all of it ends with the value.
pub(crate) struct Shop {
    pub(crate) feed: Feed,
    _products: Subgraph,
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    pub(crate) server: JoinHandle<()>,
    client: reqwest::Client,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::with(|_| {}, None).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config), verifier: Option<Verifier>) -> Self {
        let (feed, products, shutdown) = (Feed::start().await, products().await, Shutdown::new());
        let mut config = Config { listen: "127.0.0.1:0".parse().unwrap(), ..Config::default() };
        change(&mut config);
        let gateway = Arc::new(Gateway::new(supergraph(&[&feed.subgraph, &products]), config.engine).unwrap());
        let server = BoundServer::bind(config.listen, &config.serve).await.unwrap();
        let address = server.local_addr();
        let server =
            tokio::spawn(server.run(http::site(gateway, config.edge, verifier, shutdown.clone()), shutdown.clone()));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { feed, _products: products, address, shutdown, server, client }
    }

    pub(crate) fn request(&self, document: &str, accept: &str) -> reqwest::RequestBuilder {
        let request = self.client.post(format!("http://{}/graphql", self.address)).header(ACCEPT, accept);
        request.header(CONTENT_TYPE, "application/json").body(json!({ "query": document }).to_string())
    }

    pub(crate) fn get(&self, document: &str, accept: &str) -> reqwest::RequestBuilder {
        let url = format!("http://{}/graphql", self.address);
        self.client.get(reqwest::Url::parse_with_params(&url, [("query", document)]).unwrap()).header(ACCEPT, accept)
    }

    /// Subscribes, and gives both ends of the stream.
    pub(crate) async fn subscribe(&self, document: &str, accept: &str) -> (Listener, Opening) {
        let response = soon(self.request(document, accept).send()).await.unwrap();
        assert_eq!(response.status(), 200);
        (Listener::new(response), self.feed.opened().await)
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.shutdown.trigger();
    }
}

/// The client's end of a stream.
pub(crate) struct Listener {
    response: reqwest::Response,
    unread: String,
}

impl Listener {
    pub(crate) fn new(response: reqwest::Response) -> Self {
        Self { response, unread: String::new() }
    }

    /// Reads this very text and nothing else.
    pub(crate) async fn reads(&mut self, expected: &str) {
        while self.unread.len() < expected.len() {
            let chunk = soon(self.response.chunk()).await.unwrap();
            let Some(chunk) = chunk else { break };
            self.unread.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        assert!(self.unread.starts_with(expected), "{:?}", self.unread);
        self.unread.drain(..expected.len());
    }

    /// Reads this very text and then the end.
    pub(crate) async fn ends_with(mut self, expected: &str) {
        while let Some(chunk) = soon(self.response.chunk()).await.unwrap() {
            self.unread.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        assert_eq!(self.unread, expected);
    }

    /// Holds the connection and reads nothing.
    pub(crate) async fn stalls(self) {
        pending::<()>().await;
        drop(self);
    }
}

//! A gateway on a port of its own in front of one real subgraph, for tests of the edge.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::{Context, EmptySubscription, Object, SDLExportOptions, Schema};
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use gateway::config::Config;
use gateway::http;
use gateway::pipeline::Gateway;
use gateway::supergraph::{SubgraphSource, Supergraph};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, RequestBuilder, Response, Url};
use serde_json::{Value, json};
use service::serve::BoundServer;
use service::shutdown::Shutdown;
use service::token::Verifier;
use tokio::sync::Semaphore;

/// Ends with the value: both servers stop when it is dropped.
pub(crate) struct TestGateway {
    pub(crate) address: SocketAddr,
    pub(crate) subgraph: Arc<Subgraph>,
    pub(crate) client: Client,
    shutdown: Shutdown,
}

/// What the subgraph has seen, and what holds it up.
pub(crate) struct Subgraph {
    /// Requests, whatever was in them.
    pub(crate) calls: AtomicUsize,
    /// Arrivals at `held`, and the permits that let them go on.
    pub(crate) arrived: Semaphore,
    pub(crate) released: Semaphore,
}

impl TestGateway {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::verified(change, None).await
    }

    pub(crate) async fn verified(change: impl FnOnce(&mut Config), verifier: Option<Verifier>) -> Self {
        let shutdown = Shutdown::new();
        let (url, subgraph) = serve_subgraph(&shutdown).await;
        let mut config = Config { listen: "127.0.0.1:0".parse().unwrap(), ..Config::default() };
        change(&mut config);
        let source = SubgraphSource { name: "stub".to_owned(), url, sdl: sdl() };
        let gateway = Arc::new(Gateway::new(Supergraph::compose(&[source]).unwrap(), config.engine).unwrap());
        let server = BoundServer::bind(config.listen, &config.serve).await.unwrap();
        let address = server.local_addr();
        tokio::spawn(server.run(http::site(gateway, config.edge, verifier, shutdown.clone()), shutdown.clone()));
        Self { address, subgraph, client: Client::builder().no_proxy().build().unwrap(), shutdown }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn post(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.client.post(self.url("/graphql")).header(CONTENT_TYPE, "application/json").body(body)
    }

    pub(crate) fn query(&self, document: &str) -> RequestBuilder {
        self.post(json!({ "query": document }).to_string())
    }

    pub(crate) fn get(&self, parameters: &[(&str, &str)]) -> RequestBuilder {
        self.client.get(Url::parse_with_params(&self.url("/graphql"), parameters).unwrap())
    }

    pub(crate) fn subgraph_calls(&self) -> usize {
        self.subgraph.calls.load(Ordering::SeqCst)
    }
}

impl Drop for TestGateway {
    fn drop(&mut self) {
        self.subgraph.released.add_permits(1_000);
        self.shutdown.trigger();
    }
}

/// Status and the code of the only error; an answer without an error has the code "".
pub(crate) async fn outcome(request: RequestBuilder) -> (u16, String) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, code(response).await)
}

pub(crate) async fn code(response: Response) -> String {
    let body: Value = response.json().await.unwrap();
    let Some(errors) = body.get("errors").and_then(Value::as_array) else { return String::new() };
    assert_eq!(errors.len(), 1, "{body}");
    assert!(body.get("data").is_none_or(Value::is_null), "{body}");
    errors[0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
}

/// The schema that the subgraph publishes.
pub(crate) fn sdl() -> String {
    schema().finish().sdl_with_options(SDLExportOptions::new().federation().compose_directive())
}

fn schema() -> async_graphql::SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query, Mutation, EmptySubscription).enable_federation()
}

/// Serves the subgraph by itself.
pub(crate) async fn serve_subgraph(shutdown: &Shutdown) -> (String, Arc<Subgraph>) {
    let seen =
        Arc::new(Subgraph { calls: AtomicUsize::new(0), arrived: Semaphore::new(0), released: Semaphore::new(0) });
    let schema = schema().data(seen.clone()).finish();
    let router = Router::new().route("/graphql", post(answer)).with_state((schema, seen.clone()));
    let server = BoundServer::bind("127.0.0.1:0".parse().unwrap(), &Default::default()).await.unwrap();
    let url = format!("http://{}/graphql", server.local_addr());
    tokio::spawn(server.run(router, shutdown.clone()));
    (url, seen)
}

type Shared = (Schema<Query, Mutation, EmptySubscription>, Arc<Subgraph>);

async fn answer(
    State((schema, seen)): State<Shared>,
    headers: HeaderMap,
    Json(request): Json<async_graphql::Request>,
) -> Json<async_graphql::Response> {
    seen.calls.fetch_add(1, Ordering::SeqCst);
    Json(schema.execute(request.data(headers)).await)
}

struct Query;

#[Object]
impl Query {
    async fn hello(&self, name: Option<String>) -> String {
        format!("Hello, {}!", name.as_deref().unwrap_or("you"))
    }

    /// The values of a header as this subgraph got them.
    async fn header(&self, context: &Context<'_>, name: String) -> Vec<String> {
        let headers = context.data_unchecked::<HeaderMap>();
        headers.get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    /// All names of headers that this subgraph got.
    async fn headers(&self, context: &Context<'_>) -> Vec<String> {
        context.data_unchecked::<HeaderMap>().keys().map(ToString::to_string).collect()
    }

    /// Says that it is there, and answers when it is let.
    async fn held(&self, context: &Context<'_>) -> bool {
        let subgraph = context.data_unchecked::<Arc<Subgraph>>();
        subgraph.arrived.add_permits(1);
        subgraph.released.acquire().await.unwrap().forget();
        true
    }

    #[graphql(requires_scopes = "stock:read")]
    async fn stock(&self) -> Option<i32> {
        Some(7)
    }

    async fn node(&self) -> Query {
        Query
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn touch(&self) -> bool {
        true
    }

    async fn login(&self) -> bool {
        true
    }
}

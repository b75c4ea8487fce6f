//! Four subgraphs in one process: people, what is sold, what is said about it, and what is in stock.
//!
//! `users` and `topProducts` lead into reviews, from there to products and authors and back, as deep as a client likes.

mod accounts;
mod catalogue;
mod inventory;
mod products;
mod reviews;

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use async_graphql::Executor;
use async_graphql_axum::{GraphQLRequest, GraphQLResponse};
use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::Outcome;

/// In the order of their ports.
pub(crate) const NAMES: [&str; 4] = ["accounts", "inventory", "products", "reviews"];

/// What the benchmark sees and sets of one subgraph while it runs.
#[derive(Default)]
struct Behaviour {
    requests: AtomicU64,
    delay_ms: AtomicU64,
}

/// Serves until the process is ended. The ports that were taken are one line of JSON on standard output.
pub(crate) async fn serve(ports: [u16; 4]) -> Outcome {
    let routers = [
        router(accounts::schema()),
        router(inventory::schema()),
        router(products::schema()),
        router(reviews::schema()),
    ];
    let mut servers = JoinSet::new();
    let mut taken = Vec::new();
    for (port, router) in ports.into_iter().zip(routers) {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        taken.push(listener.local_addr()?.port());
        // Answers in two segments would wait for each other's acknowledgement.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        servers.spawn(axum::serve(listener, router).into_future());
    }
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&taken)?)?;
    while let Some(ended) = servers.join_next().await {
        ended??;
    }
    Ok(())
}

/// `GET /requests` tells how many GraphQL requests there were, `POST /delay/{ms}` makes all later ones slow.
fn router(schema: impl Executor) -> Router {
    let behaviour = Arc::new(Behaviour::default());
    let (counted, slowed) = (behaviour.clone(), behaviour.clone());
    let answer = async move |request: GraphQLRequest| {
        behaviour.requests.fetch_add(1, Relaxed);
        let delay = behaviour.delay_ms.load(Relaxed);
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        GraphQLResponse::from(schema.execute(request.into_inner()).await)
    };
    Router::new()
        .route("/graphql", post(answer))
        .route("/requests", get(async move || counted.requests.load(Relaxed).to_string()))
        .route("/delay/{ms}", post(async move |Path(ms): Path<u64>| slowed.delay_ms.store(ms, Relaxed)))
}

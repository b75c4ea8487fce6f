//! Subgraphs as the Federation specification wants them, behind one real server. What they are asked has to be valid
//! against their own schema; a field is resolved only where its subgraph may resolve it, and one with `@requires` only
//! if the gateway sent what it requires.

mod entities;
mod selection;
mod subgraph;

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::post,
};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

pub(crate) use subgraph::Subgraph;

use crate::world::World;

type Subgraphs = Arc<HashMap<(String, String), Arc<Subgraph>>>;

/// Stops when it is dropped.
pub(crate) struct Server {
    address: String,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(worlds: &[Arc<World>]) -> Self {
        let subgraphs = worlds
            .iter()
            .flat_map(|world| world.subgraphs.iter().map(|it| ((world.name.clone(), it.name.clone()), Arc::clone(it))));
        let subgraphs: Subgraphs = Arc::new(subgraphs.collect());
        let router = Router::new().route("/{world}/{subgraph}", post(answer)).with_state(subgraphs);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        Self { address, task: tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }) }
    }

    pub(crate) fn url(&self, world: &str, subgraph: &str) -> String {
        format!("{}/{world}/{subgraph}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(
    State(subgraphs): State<Subgraphs>,
    Path(name): Path<(String, String)>,
    Json(request): Json<Value>,
) -> Json<Value> {
    Json(subgraphs[&name].answer(&request))
}

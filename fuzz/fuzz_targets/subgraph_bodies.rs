//! Any bytes as the answers of subgraphs, the first line to root fields and the second to references.
#![no_main]

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::{Router, extract::State, http::header::CONTENT_TYPE, response::IntoResponse, routing::post};
use bytes::Bytes;
use gateway::pipeline::{Gateway, GraphqlRequest};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tokio::net::TcpListener;

const QUERY: &str = "{
    products { __typename id name colour weight any grid stock fee rows { at left } makers { id name products { id name stock } } }
    node(id: 1) { __typename id ... on Product { name stock } }
    search(text: \"\") { ... on Maker { name } ... on Product { colour fee } }
}";

type Bodies = Arc<Mutex<[Vec<u8>; 2]>>;

struct Rig {
    gateway: Gateway,
    bodies: Bodies,
}

fuzz_target!(|data: &[u8]| {
    static RIG: OnceLock<Rig> = OnceLock::new();
    let Rig { gateway, bodies } = RIG.get_or_init(rig);
    let mut lines = data.splitn(2, |byte| *byte == b'\n').map(<[u8]>::to_vec);
    let (root, references) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let is_json = serde_json::from_slice::<Value>(&root).is_ok_and(|root| root.is_object());
    *bodies.lock().unwrap_or_else(PoisonError::into_inner) = [root, references];
    let request = GraphqlRequest { query: QUERY.to_owned(), ..GraphqlRequest::default() };
    let answer = fuzz::answer(gateway, request);
    assert!(is_json || answer["errors"].is_array(), "{answer}");
});

fn rig() -> Rig {
    let bodies = Bodies::default();
    let router = Router::new().route("/graphql", post(serve)).with_state(bodies.clone());
    let url = fuzz::runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/graphql", listener.local_addr().expect("its address"));
        tokio::spawn(async { axum::serve(listener, router).await });
        url
    });
    Rig { gateway: fuzz::gateway(&url), bodies }
}

async fn serve(State(bodies): State<Bodies>, request: Bytes) -> impl IntoResponse {
    let of_references = request.windows(15).any(|part| part == b"representations");
    let bodies = bodies.lock().unwrap_or_else(PoisonError::into_inner);
    ([(CONTENT_TYPE, "application/json")], bodies[usize::from(of_references)].clone())
}

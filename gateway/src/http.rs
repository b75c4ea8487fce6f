//! The public edge: GraphQL over HTTP, as the draft of 2025 has it, and what stands around it.
//!
//! <https://graphql.github.io/graphql-over-http/draft/>

mod decode;
mod graphql;
mod json;
mod media;
mod refusal;
mod security;
mod settings;
mod stream;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use service::health::Health;
use service::token::Verifier;
use tower::ServiceBuilder;

pub use settings::{EdgeSettings, ForwardedHeader, Origin, PlaygroundTab};

use crate::pipeline::Gateway;
use crate::playground;
use media::MediaType;
use refusal::Refusal;

/// Everything that the gateway answers: `/graphql`, `/health`, `/ready`, and the playground at `/` where it is on.
///
/// To be run by [`service::serve::BoundServer`], which bounds the bytes and the time of requests, catches panics, and
/// opens the trace. With no `verifier`, no token is read and fields with an authorisation directive are denied.
pub fn router(gateway: Arc<Gateway>, settings: EdgeSettings, verifier: Option<Verifier>) -> Router {
    let cors = security::cors(&settings);
    let playground = if settings.playground { playground::router(&settings.playground_tabs) } else { Router::new() };
    let health = health(gateway.clone()).router();
    let edge = Arc::new(graphql::Edge::new(gateway, settings, verifier));
    Router::new()
        .route("/graphql", get(graphql::get).post(graphql::post).fallback(method_not_allowed))
        .with_state(edge)
        .merge(health)
        .merge(playground)
        .fallback(not_found)
        // One layer, whose copies each request pays for. The headers are its outer part: on every answer, also on one to a
        // preflight.
        .layer(ServiceBuilder::new().map_response(security::harden).layer(cors))
}

fn health(gateway: Arc<Gateway>) -> Health {
    Health::new().check("supergraph", move || {
        let ready = gateway.ready();
        async move { if ready { Ok(()) } else { Err("the plan cache is not warm".to_owned()) } }
    })
}

async fn method_not_allowed() -> Response {
    Refusal::MethodNotAllowed.into_response(MediaType::Json)
}

async fn not_found() -> Response {
    Refusal::NotFound.into_response(MediaType::Json)
}

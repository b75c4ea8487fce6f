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

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::future::RouteFuture;
use axum::routing::get;
use futures_util::TryFutureExt;
use futures_util::future::MapOk;
use http::header::ORIGIN;
use service::health::Health;
use service::token::Verifier;
use tower::Service;

pub use settings::{EdgeSettings, ForwardedHeader, Origin, PlaygroundTab};

use crate::pipeline::Gateway;
use crate::playground;
use media::MediaType;
use refusal::Refusal;

/// Everything that the gateway answers: `/graphql`, `/health`, `/ready`, and the playground at `/` where it is on.
#[derive(Clone)]
pub struct Site {
    router: Router,
    /// The same, for pages of other origins. A copy of the layer costs a request more than the rest of the routing.
    with_cors: Router,
}

/// To be run by [`service::serve::BoundServer`], which bounds the bytes and the time of requests, catches panics, and
/// opens the trace. With no `verifier`, no token is read and fields with an authorisation directive are denied.
pub fn site(gateway: Arc<Gateway>, settings: EdgeSettings, verifier: Option<Verifier>) -> Site {
    let cors = security::cors(&settings);
    let playground = if settings.playground { playground::router(&settings.playground_tabs) } else { Router::new() };
    let health = health(gateway.clone()).router();
    let edge = Arc::new(graphql::Edge::new(gateway, settings, verifier));
    let router = Router::new()
        .route("/graphql", get(graphql::get).post(graphql::post).fallback(method_not_allowed))
        .with_state(edge)
        .merge(health)
        .merge(playground)
        .fallback(not_found);
    Site { with_cors: router.clone().layer(cors), router }
}

impl Service<Request> for Site {
    type Response = Response;
    type Error = Infallible;
    type Future = MapOk<RouteFuture<Infallible>, fn(Response) -> Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let of_a_page = request.headers().contains_key(ORIGIN);
        let router = if of_a_page { &mut self.with_cors } else { &mut self.router };
        // On every answer, also on one to a preflight.
        router.call(request).map_ok(security::harden)
    }
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

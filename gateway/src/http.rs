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

use axum::Router;
use axum::response::Response;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::Either;
use http::Request;
use http::header::ORIGIN;
use service::health::Health;
use service::serve::Answers;
use service::shutdown::Shutdown;
use service::token::Verifier;
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, service_fn};

pub use settings::{EdgeSettings, ForwardedHeader, Origin, PlaygroundTab};

use crate::pipeline::Gateway;
use crate::playground;
use graphql::Edge;
use media::MediaType;
use refusal::Refusal;

/// Everything that the gateway answers: `/graphql`, `/health`, `/ready`, and the playground at `/` where it is on.
pub struct Site {
    routes: Arc<Routes>,
    /// The same, for pages of other origins.
    with_cors: BoxCloneSyncService<Request<Bytes>, Response, Infallible>,
}

/// A router copies its services for each request, so the route that counts is not one of its own.
struct Routes {
    graphql: Edge,
    others: Router,
}

/// To be run by [`service::serve::BoundServer`], which bounds the bytes and the time of requests, catches panics, and
/// opens the trace. With no `verifier`, no token is read and fields with an authorisation directive are denied.
/// Once `shutdown` is requested, it is not ready any more, and subscriptions end.
pub fn site(gateway: Arc<Gateway>, settings: EdgeSettings, verifier: Option<Verifier>, shutdown: Shutdown) -> Site {
    let cors = security::cors(&settings);
    let playground = if settings.playground { playground::router(&settings.playground_tabs) } else { Router::new() };
    let others = health(gateway.clone(), shutdown.clone()).router().merge(playground).fallback(not_found);
    let routes = Arc::new(Routes { graphql: Edge::new(gateway, settings, verifier, shutdown), others });
    let behind = routes.clone();
    let with_cors = cors.layer(service_fn(move |request| {
        let routes = behind.clone();
        async move { Ok(routes.answer(request).await) }
    }));
    Site { routes, with_cors: BoxCloneSyncService::new(with_cors) }
}

impl Answers for Site {
    fn answer(&self, request: Request<Bytes>) -> impl Future<Output = Response> + Send {
        let answered = match request.headers().contains_key(ORIGIN) {
            true => Either::Left(self.with_cors.clone().call(request).map(|Ok(response)| response)),
            false => Either::Right(self.routes.answer(request)),
        };
        // On every answer, also on one to a preflight.
        answered.map(security::harden)
    }
}

impl Routes {
    fn answer(&self, request: Request<Bytes>) -> impl Future<Output = Response> + Send {
        match request.uri().path() {
            "/graphql" => Either::Left(self.graphql.answer(request)),
            _ => Either::Right(self.others.answer(request)),
        }
    }
}

fn health(gateway: Arc<Gateway>, shutdown: Shutdown) -> Health {
    Health::new(shutdown).check("supergraph", move || {
        let ready = gateway.ready();
        async move { if ready { Ok(()) } else { Err("the plan cache is not warm".to_owned()) } }
    })
}

async fn not_found() -> Response {
    Refusal::NotFound.into_response(MediaType::Json)
}

//! One operation, answered twice.

use std::{sync::Arc, time::Duration};

use async_graphql::parser::parse_query;
use client::Deadline;
use gateway::{
    pipeline::{Caller, Gateway, GatewaySettings, GraphqlRequest},
    supergraph::{SubgraphSource, Supergraph},
};

use crate::{
    compare::{self, Difference},
    document::Document,
    generate, merging,
    server::Server,
    shrink::Shrinking,
    world::World,
};

pub(crate) struct Trial {
    world: Arc<World>,
    /// With settings of their own; which of them answers depends on the seed.
    gateways: [Gateway; 2],
}

/// What the gateway is asked, under which circumstances.
struct Request<'a> {
    gateway: &'a Gateway,
    document: Document,
    /// Asked at the same time, for what requests share. Its answer is not looked at.
    neighbour: Option<&'a Document>,
}

impl Trial {
    pub(crate) fn new(world: Arc<World>, server: &Server) -> Self {
        let sources: Vec<_> = world
            .subgraphs
            .iter()
            .map(|subgraph| SubgraphSource {
                name: subgraph.name.clone(),
                url: server.url(&world.name, &subgraph.name),
                sdl: subgraph.sdl.clone(),
            })
            .collect();
        let gateway = |settings| {
            let supergraph = Supergraph::compose(&sources).unwrap_or_else(|error| panic!("{}: {error}", world.name));
            Gateway::new(supergraph, settings).unwrap()
        };
        let gateways = [gateway(settings()), gateway(small_batches())];
        Self { world, gateways }
    }

    /// What is different about the document that the seed makes, in the smallest form that was found.
    pub(crate) async fn run(&self, seed: u64) -> Option<String> {
        let document = generate::document(&self.world, seed);
        let neighbour = generate::document(&self.world, seed.wrapping_add(1));
        let neighbour = [&document, &neighbour].iter().all(|it| it.is_query()).then_some(&neighbour);
        let gateway = &self.gateways[(seed % 2) as usize];
        let mut request = Request { gateway, document, neighbour };
        let found = self.difference(&request).await?;
        let alone = Request { gateway, document: request.document.clone(), neighbour: None };
        if self.difference(&alone).await.is_some_and(|it| it.rule == found.rule) {
            request = alone;
        }
        let mut shrinking = Shrinking::new(request.document.clone());
        while let Some(smaller) = shrinking.next() {
            request.document = smaller;
            if self.is_valid(&request.document)
                && self.difference(&request).await.is_some_and(|it| it.rule == found.rule)
            {
                shrinking.take(request.document.clone());
            }
        }
        request.document = shrinking.smallest;
        let difference = self.difference(&request).await.unwrap_or(found);
        Some(self.report(seed, &request, &difference))
    }

    async fn difference(&self, request: &Request<'_>) -> Option<Difference> {
        self.world.reset();
        let document = &request.document;
        let neighbour = async {
            if let Some(neighbour) = request.neighbour {
                request.gateway.answer(graphql_request(neighbour), Caller::anonymous(Deadline::after(PATIENCE))).await;
            }
        };
        let (answer, ()) = tokio::join!(
            request.gateway.answer(graphql_request(document), Caller::anonymous(Deadline::after(PATIENCE))),
            neighbour
        );
        let parsed = parse_query(document.text()).unwrap();
        let expected = self.world.reference(&parsed, &document.operations[0].name, &document.values());
        compare::difference(&expected, &answer.body)
    }

    fn is_valid(&self, document: &Document) -> bool {
        let text = document.text();
        self.world.validation.check(&text).is_ok()
            && parse_query(text).is_ok_and(|parsed| merging::can_merge(&self.world.api, &parsed))
    }

    fn report(&self, seed: u64, request: &Request<'_>, difference: &Difference) -> String {
        let Difference { rule, place, expected, got } = difference;
        let journal = self.world.journal.lock().unwrap().join("\n  ");
        let variables = serde_json::Value::Object(request.document.values());
        let neighbour = request.neighbour.map(|it| format!("beside\n{}", it.text())).unwrap_or_default();
        format!(
            "== {} DIFFERENTIAL_SEED={seed}: {rule} {place}\n{}variables {variables}\n{neighbour}expected {expected}\ngot      {got}\n  {journal}",
            self.world.name,
            request.document.text(),
        )
    }
}

fn graphql_request(document: &Document) -> GraphqlRequest {
    GraphqlRequest {
        query: document.text(),
        operation_name: Some(document.operations[0].name.clone()),
        variables: document.values(),
    }
}

fn small_batches() -> GatewaySettings {
    let mut settings = settings();
    settings.max_batch = 2;
    settings.share_client_requests = true;
    settings
}

/// Longer than a busy machine takes for anything.
const PATIENCE: Duration = Duration::from_secs(60);

fn settings() -> GatewaySettings {
    let mut settings = GatewaySettings { operation_timeout: PATIENCE, ..GatewaySettings::default() };
    settings.subgraph.max_retries = 0;
    settings.subgraph.timeout = PATIENCE;
    settings.subgraph.connect_timeout = PATIENCE;
    settings.subgraph.breaker.slow_after = PATIENCE;
    let limits = &mut settings.limits;
    for limit in [
        &mut limits.bytes,
        &mut limits.tokens,
        &mut limits.depth,
        &mut limits.height,
        &mut limits.selections,
        &mut limits.aliases,
        &mut limits.directives,
        &mut limits.root_fields,
        &mut limits.rows,
    ] {
        *limit = usize::MAX;
    }
    settings
}

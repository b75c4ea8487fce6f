//! One operation, answered twice.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_graphql::parser::parse_query;
use client::Deadline;
use gateway::{
    pipeline::{Caller, Gateway, GatewaySettings, GraphqlRequest},
    supergraph::{SubgraphSource, Supergraph},
};
use http::HeaderMap;

use crate::{
    compare::{self, Difference},
    document::Document,
    generate, known, merging,
    server::Server,
    shrink::Shrinking,
    world::World,
};

pub(crate) struct Trial {
    world: Arc<World>,
    gateway: Gateway,
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
        let supergraph = Supergraph::compose(&sources).unwrap_or_else(|error| panic!("{}: {error}", world.name));
        let gateway = Gateway::new(supergraph, settings()).unwrap();
        Self { world, gateway }
    }

    /// What is different about the document that the seed makes, in the smallest form that was found.
    pub(crate) async fn run(&self, seed: u64) -> Option<String> {
        let document = generate::document(&self.world, seed);
        let found = self.difference(&document).await?;
        if known::is_known(&self.world.name, &document.text(), &found) {
            return None;
        }
        let mut shrinking = Shrinking::new(document);
        while let Some(smaller) = shrinking.next() {
            if self.is_valid(&smaller) && self.difference(&smaller).await.is_some_and(|it| it.rule == found.rule) {
                shrinking.take(smaller);
            }
        }
        let difference = self.difference(&shrinking.smallest).await.unwrap_or(found);
        Some(self.report(seed, &shrinking.smallest, &difference))
    }

    async fn difference(&self, document: &Document) -> Option<Difference> {
        self.world.reset();
        let request = GraphqlRequest {
            query: document.text(),
            operation_name: Some(document.operations[0].name.clone()),
            variables: document.values(),
        };
        let answer = self.gateway.answer(request, caller()).await;
        let parsed = parse_query(document.text()).unwrap();
        let expected = self.world.reference(&parsed, &document.operations[0].name, &document.values());
        compare::difference(&expected, &answer.body)
    }

    fn is_valid(&self, document: &Document) -> bool {
        let text = document.text();
        self.world.validation.check(&text).is_ok()
            && parse_query(text).is_ok_and(|parsed| merging::can_merge(&self.world.api, &parsed))
    }

    fn report(&self, seed: u64, document: &Document, difference: &Difference) -> String {
        let Difference { rule, place, expected, got } = difference;
        let journal = self.world.journal.lock().unwrap().join("\n  ");
        let variables = serde_json::Value::Object(document.values());
        format!(
            "== {} DIFFERENTIAL_SEED={seed}: {rule} {place}\n{}variables {variables}\nexpected {expected}\ngot      {got}\n  {journal}",
            self.world.name,
            document.text(),
        )
    }
}

fn settings() -> GatewaySettings {
    let mut settings = GatewaySettings::default();
    settings.subgraph.max_retries = 0;
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

fn caller() -> Caller {
    Caller {
        scopes: BTreeSet::new(),
        authenticated: false,
        authorization: None,
        forwarded: HeaderMap::new(),
        trace: HeaderMap::new(),
        deadline: Deadline::after(Duration::from_secs(10)),
        expires_at: None,
        allow_mutation: true,
    }
}

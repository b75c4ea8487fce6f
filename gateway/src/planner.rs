//! The only module that names the query planner library, whose plans it turns into ours.
//!
//! The library's fetch graph is used and not the tree it makes of it: the tree runs in waves, each waiting for the
//! slowest fetch of the one before, the graph lets a fetch start as soon as its own inputs exist.

mod arguments;
mod conflicts;
mod demand;
mod field_set;
mod fragments;
mod inputs;
mod interface_object;
mod narrow;
mod order;
mod provides;
mod requires;
mod selections;
mod serial;
mod translate;
mod typename;
mod types;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use graphql_tools::{
    parser::parse_query,
    static_graphql::{query, schema::Document},
};
use hive_router_query_planner::{
    ast::normalization::normalize_operation,
    graph::{Graph, PlannerOverrideContext},
    planner::{
        QueryPlannerOptions, add_variables_to_fetch_steps, best::find_best_combination,
        fetch::fetch_graph::build_fetch_graph_from_query_tree, walker::walk_operation,
    },
    state::supergraph_state::{OperationKind, SupergraphState},
    utils::cancellation::CancellationToken,
};
use thiserror::Error;
use tokio::sync::Semaphore;

use crate::plan::draft::Draft;
use arguments::Named;

/// Planning is given up after this long: no operation within the limits needs a tenth of it.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Operations that may wait for a thread to plan on; further ones are refused at once.
const QUEUE: usize = 128;

#[derive(Debug, Error)]
pub enum PlanError {
    #[error("the supergraph cannot be planned on: {0}")]
    Supergraph(String),
    #[error("the operation cannot be planned: {0}")]
    Operation(String),
    #[error("the planner panicked")]
    Panic,
    #[error("too many operations are being planned")]
    Overloaded,
}

/// Plans operations off the request threads, a bounded number of them at a time.
pub(crate) struct Planner {
    index: Arc<Library>,
    running: Arc<Semaphore>,
    waiting: Semaphore,
}

struct Library {
    graph: Graph,
    state: SupergraphState,
    /// Of fields in this supergraph that subgraphs do not know.
    named: Named,
    /// The same supergraph without `@requires`, for operations that cannot be planned with it.
    otherwise: Option<Box<Library>>,
}

impl Planner {
    /// Blocks for as long as the supergraph takes to index.
    pub(crate) fn new(supergraph: &Document) -> Result<Self, PlanError> {
        let index =
            std::panic::catch_unwind(AssertUnwindSafe(|| Library::new(supergraph))).map_err(|_| PlanError::Panic)??;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self { index: Arc::new(index), running: Arc::new(Semaphore::new(threads)), waiting: Semaphore::new(QUEUE) })
    }

    /// Plans a canonical operation.
    pub(crate) async fn plan(&self, operation: &str) -> Result<Draft, PlanError> {
        let _waiting = self.waiting.try_acquire().map_err(|_| PlanError::Overloaded)?;
        let running = self.running.clone().acquire_owned().await.map_err(|_| PlanError::Overloaded)?;
        let index = self.index.clone();
        let operation = operation.to_owned();
        // The library panics on some valid input; `spawn_blocking` catches that.
        tokio::task::spawn_blocking(move || {
            let _running = running;
            index.plan(&operation)
        })
        .await
        .map_err(|_| PlanError::Panic)?
    }
}

impl Library {
    fn new(supergraph: &Document) -> Result<Self, PlanError> {
        let supergraph = provides::untangled(supergraph);
        let (without_arguments, named) = arguments::named_apart(&supergraph);
        let otherwise = requires::as_keys(&without_arguments)
            .map(|supergraph| Self::index(&supergraph, named, None).map(Box::new))
            .transpose()?;
        Self::index(&supergraph, Named::default(), otherwise)
    }

    fn index(supergraph: &Document, named: Named, otherwise: Option<Box<Self>>) -> Result<Self, PlanError> {
        let state = SupergraphState::new(supergraph);
        let graph =
            Graph::graph_from_supergraph_state(&state).map_err(|error| PlanError::Supergraph(error.to_string()))?;
        Ok(Self { graph, state, named, otherwise })
    }

    fn plan(&self, operation: &str) -> Result<Draft, PlanError> {
        let document = parse_query::<String>(operation).map_err(failed)?.into_static();
        let Some(otherwise) = &self.otherwise else { return self.plan_in_order(&document) };
        // The library panics on some of what it cannot plan.
        match std::panic::catch_unwind(AssertUnwindSafe(|| self.plan_in_order(&document))) {
            Ok(Ok(draft)) => Ok(draft),
            Ok(Err(_)) | Err(_) => otherwise.plan_in_order(&document),
        }
    }

    fn plan_in_order(&self, document: &query::Document) -> Result<Draft, PlanError> {
        let draft = self.plan_at_once(document)?;
        match serial::fields(document, &draft) {
            Some(fields) => fields
                .iter()
                .map(|field| self.plan_at_once(field))
                .collect::<Result<Vec<_>, _>>()
                .map(serial::one_after_the_other),
            None => Ok(draft),
        }
    }

    fn plan_at_once(&self, document: &query::Document) -> Result<Draft, PlanError> {
        let normalized = normalize_operation(&self.state, document, None).map_err(failed)?;
        let operation = normalized.executable_operation();
        let overrides = PlannerOverrideContext::default();
        let cancellation = CancellationToken::with_timeout(TIMEOUT);
        let paths = walk_operation(&self.graph, &self.state, &overrides, operation, &cancellation).map_err(failed)?;
        let tree = find_best_combination(&self.graph, paths, &cancellation).map_err(failed)?;
        let mut fetches = build_fetch_graph_from_query_tree(
            &self.graph,
            &self.state,
            &overrides,
            tree,
            operation.operation_kind.clone().unwrap_or(OperationKind::Query),
            &QueryPlannerOptions::default(),
            &cancellation,
        )
        .map_err(failed)?;
        add_variables_to_fetch_steps(&mut fetches, &operation.variable_definitions).map_err(failed)?;
        translate::plan(&fetches, operation, &self.state, &self.named)
    }
}

fn failed(error: impl std::fmt::Display) -> PlanError {
    PlanError::Operation(error.to_string())
}

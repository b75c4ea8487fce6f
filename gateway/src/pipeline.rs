//! The line that every request goes along, from text to response.

mod documents;
mod prepared;
mod refused;
mod subscription;

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use client::{BuildError, Client, Deadline};
use graphql_tools::static_graphql::query::OperationDefinition;
use thiserror::Error;
use tokio::time::timeout_at;

use crate::{
    authorize::{self, Denied},
    calls::{Calls, Identity, Travel},
    canonical::{self, Keys},
    clients::Clients,
    error::{GraphqlError, code},
    execute::{self, Branches, Executed},
    flights::Flights,
    introspection::{Introspection, Values},
    operation::{self, Operation, OperationKind},
    plan_cache::PlanCache,
    planner::{PlanError, Planner},
    project,
    supergraph::Supergraph,
    validate::Validator,
    variables::Variables,
};
pub use crate::{
    request::{Answer, Caller, GraphqlRequest, StatusKind},
    settings::{GatewaySettings, HidesCallers, SecretHeaders, SubgraphSettings},
};
use documents::{Checked, Documents};
use prepared::{Prepared, PreparedCache, PreparedKey};
use refused::Refused;
pub use subscription::{Event, Subscription};

/// Execution keeps the deadline by itself and can then still tell what it has got. This much later it is cut.
const GRACE: Duration = Duration::from_millis(250);

/// A gateway cannot be built from its supergraph and settings.
#[derive(Debug, Error)]
pub enum GatewayError {
    #[error(transparent)]
    Planner(#[from] PlanError),
    #[error("a subgraph cannot be called")]
    Client(#[from] BuildError),
}

/// Everything that answering a request needs. Share it in an [`Arc`].
pub struct Gateway(Arc<Inner>);

struct Inner {
    supergraph: Supergraph,
    settings: GatewaySettings,
    validator: Validator,
    documents: Documents,
    prepared: PreparedCache,
    plans: PlanCache,
    calls: Calls,
    /// `None` where executions share nothing.
    branches: Option<Branches>,
    flights: Flights<SharedRequest, Answer>,
}

/// What a request comes to.
pub enum Reply {
    Once(Answer),
    Stream(Subscription),
}

/// One execution: an operation, its variables, and who asks.
struct Execution {
    prepared: Arc<Prepared>,
    variables: Variables,
    travel: Travel,
    anonymous: Travel,
}

/// All that the answer to a query can depend on.
#[derive(Clone, PartialEq, Eq, Hash)]
struct SharedRequest {
    /// The request as its client sent it.
    sent: Bytes,
    /// Which tells the body of a POST from the URL of a GET.
    allow_mutation: bool,
    identity: Arc<Identity>,
    denied: Denied,
    changes: u64,
}

impl Gateway {
    /// Takes as long as indexing the supergraph does. Calls no subgraph.
    pub fn new(supergraph: Supergraph, settings: GatewaySettings) -> Result<Self, GatewayError> {
        let planner = Planner::new(&supergraph.full.document)?;
        let clients = Clients::new(&supergraph, &settings)?;
        Ok(Self(Arc::new(Inner {
            validator: Validator::new(settings.introspection),
            documents: Documents::new(settings.plan_cache_bytes),
            prepared: PreparedCache::new(settings.plan_cache_bytes),
            plans: PlanCache::new(planner, settings.plan_cache_bytes),
            calls: Calls::new(clients, &settings),
            branches: settings.share_subgraph_requests.then(Branches::default),
            flights: Flights::default(),
            supergraph,
            settings,
        })))
    }

    /// Answers a query or a mutation; a subscription is refused. Whatever goes wrong is in the answer.
    pub async fn answer(&self, request: GraphqlRequest, caller: Caller) -> Answer {
        let sent = Bytes::from(request.to_json());
        match self.reply(&sent, caller, || Ok::<_, Infallible>(request)).await {
            Ok(Reply::Once(answer)) => answer,
            Ok(Reply::Stream(_)) => {
                let message = "Subscriptions are not served over this transport.";
                Refused::from(vec![GraphqlError::new(code::OPERATION_RESOLUTION_FAILURE, message)]).into()
            }
        }
    }

    /// Answers a query or a mutation, or gives the subscription that was asked for, which is not open yet.
    ///
    /// `sent` is the request as its client sent it. It is not `read` where a query that was sent alike is under way, and
    /// its answer is for this caller too.
    ///
    /// # Errors
    /// Those of `read`. Whatever else goes wrong is in the answer.
    pub async fn reply<E>(
        &self,
        sent: &Bytes,
        caller: Caller,
        read: impl FnOnce() -> Result<GraphqlRequest, E>,
    ) -> Result<Reply, E> {
        let inner = &self.0;
        let deadline = caller.deadline.min(Deadline::after(inner.settings.operation_timeout));
        let travel = Travel::of(&caller, deadline);
        let denied = inner.supergraph.requirements.denied_to(&caller);
        let shared = inner.settings.share_client_requests.then(|| SharedRequest {
            sent: sent.clone(),
            allow_mutation: caller.allow_mutation,
            identity: travel.identity.clone(),
            denied: denied.clone(),
            changes: inner.calls.changes(),
        });
        if let Some(flying) = shared.as_ref().and_then(|shared| inner.flights.join(shared, deadline)) {
            return Ok(Reply::Once(flying.await.unwrap_or_else(panicked)));
        }
        let request = read()?;
        // On the heap, for it is large, and who joins does without.
        Ok(Box::pin(inner.begin(request, caller, travel, denied, shared)).await)
    }

    /// A readable plan of an operation, as a caller with every scope would have it executed.
    pub async fn plan_text(&self, operation: &str, operation_name: Option<&str>) -> Result<String, PlanTextError> {
        let Inner { supergraph, validator, plans, .. } = &*self.0;
        let document = documents::parse(operation)?;
        validator.check(&supergraph.api, &document)?;
        let definition = operation::select(&document, operation_name)?;
        let variables = Variables::coerce(&supergraph.api, definition, &serde_json::Map::new()).unwrap_or_default();
        let operation = Operation::new(&document, definition, &supergraph.api, &variables);
        let keys = Keys::new(&operation, supergraph);
        match canonical::text(&operation, supergraph, &Denied::default(), &keys) {
            Some(canonical) => Ok(plans.plan(&canonical, supergraph).await?.text().to_owned()),
            None => Ok("No subgraph is asked.".to_owned()),
        }
    }

    /// Whether requests can be served: true from the beginning, for nothing is loaded later.
    pub fn ready(&self) -> bool {
        true
    }

    pub fn client(&self, subgraph: &str) -> Option<&Client> {
        self.0.calls.client(subgraph)
    }
}

impl Inner {
    async fn begin(
        self: &Arc<Self>,
        request: GraphqlRequest,
        caller: Caller,
        travel: Travel,
        denied: Denied,
        shared: Option<SharedRequest>,
    ) -> Reply {
        let execution = match self.prepare(&request, &caller, travel, denied).await {
            Ok(execution) => execution,
            Err(refused) => return Reply::Once(refused.into()),
        };
        match (execution.prepared.operation.kind, shared) {
            (OperationKind::Subscription, _) => Subscription::new(self.clone(), execution, caller)
                .map_or_else(|refused| Reply::Once(refused.into()), Reply::Stream),
            (OperationKind::Query, Some(shared)) => Reply::Once(self.clone().share(shared, execution).await),
            _ => Reply::Once(self.execute(&execution).await),
        }
    }

    /// Everything that can be done, and refused, before the first subgraph is asked.
    async fn prepare(
        &self,
        request: &GraphqlRequest,
        caller: &Caller,
        travel: Travel,
        denied: Denied,
    ) -> Result<Execution, Refused> {
        let checked = self.documents.get(request, self)?;
        let definition = operation::select(&checked.document, request.operation_name.as_deref())?;
        permitted(definition, caller)?;
        let variables = Variables::coerce(&self.supergraph.api, definition, &request.variables)?;
        let key = PreparedKey {
            document: checked.number,
            operation_name: request.operation_name.clone(),
            conditions: checked.conditions.iter().map(|name| variables.is_true(name)).collect(),
            denied,
        };
        let prepared = match self.prepared.get(&key) {
            Some(prepared) => prepared,
            None => {
                // On the heap, for it is large, and most requests do without.
                let planned = Box::pin(self.prepare_anew(key, &checked, definition, &variables));
                timeout_at(travel.deadline.at(), planned).await.map_err(|_| Refused::late())??
            }
        };
        Ok(Execution { prepared, variables, anonymous: travel.anonymous(), travel })
    }

    async fn prepare_anew(
        &self,
        key: PreparedKey,
        checked: &Checked,
        definition: &OperationDefinition,
        variables: &Variables,
    ) -> Result<Arc<Prepared>, Refused> {
        let operation = Operation::new(&checked.document, definition, &self.supergraph.api, variables);
        allowed(&operation, &self.supergraph, &key.denied)?;
        let keys = Keys::new(&operation, &self.supergraph);
        let plan = match canonical::text(&operation, &self.supergraph, &key.denied, &keys) {
            Some(canonical) => {
                let planned = self.plans.plan(&canonical, &self.supergraph).await;
                Some(planned.map_err(|error| Refused::unplanned(&error))?)
            }
            None => None,
        };
        Ok(self.prepared.insert(key, checked.bytes, operation, keys, plan, &self.supergraph))
    }

    /// Executes a query for all who send it alike until it ends.
    async fn share(self: Arc<Self>, shared: SharedRequest, execution: Execution) -> Answer {
        let deadline = execution.travel.deadline;
        let inner = self.clone();
        let flying =
            self.flights.join_or_begin(shared, deadline, move || async move { inner.execute(&execution).await });
        match timeout_at(deadline.at(), flying).await {
            Ok(answer) => answer.unwrap_or_else(panicked),
            Err(_) => Refused::late().into(),
        }
    }

    async fn execute(&self, execution: &Execution) -> Answer {
        let executed = match &execution.prepared.plan {
            Some(plan) => {
                let executing = execute::execute(plan, self.context(execution));
                match timeout_at(execution.travel.deadline.at() + GRACE, executing).await {
                    Ok(executed) => executed,
                    Err(_) => return Refused::late().into(),
                }
            }
            None => Executed::default(),
        };
        self.complete(execution, executed)
    }

    fn context<'a>(&'a self, execution: &'a Execution) -> execute::Context<'a> {
        let prepared = &execution.prepared;
        execute::Context {
            calls: &self.calls,
            branches: self.branches.as_ref(),
            prepared: prepared.number,
            output: &prepared.output,
            projection: prepared.projection(&self.supergraph),
            variables: &execution.variables,
            travel: &execution.travel,
            anonymous: &execution.anonymous,
        }
    }

    fn complete(&self, execution: &Execution, executed: Executed) -> Answer {
        let Execution { prepared, variables, .. } = execution;
        let introspected = if prepared.introspects {
            Introspection { api: &self.supergraph.api, variables }.answer(&prepared.operation)
        } else {
            Values::default()
        };
        let projection = prepared.projection(&self.supergraph);
        let body = project::project(&prepared.output, executed, &introspected, projection);
        Answer { status: StatusKind::Ok, body }
    }
}

fn panicked() -> Answer {
    Refused::internal("The operation could not be executed.").into()
}

/// Why a plan cannot be shown.
#[derive(Debug, Error)]
pub enum PlanTextError {
    #[error("{0}")]
    Operation(String),
    #[error(transparent)]
    Planner(#[from] Arc<PlanError>),
}

fn permitted(definition: &OperationDefinition, caller: &Caller) -> Result<(), Refused> {
    let message = match OperationKind::of(definition) {
        OperationKind::Mutation if !caller.allow_mutation => "Mutations are not allowed over this method.",
        OperationKind::Subscription if !caller.allow_mutation => "Subscriptions are not allowed over this method.",
        _ => return Ok(()),
    };
    let errors = vec![GraphqlError::new(code::BAD_USER_INPUT, message)];
    Err(Refused { status: StatusKind::MethodNotAllowed, errors })
}

fn allowed(operation: &Operation, supergraph: &Supergraph, denied: &Denied) -> Result<(), Refused> {
    let errors = authorize::refusals(operation, &supergraph.requirements, denied);
    if errors.is_empty() { Ok(()) } else { Err(Refused { status: StatusKind::Ok, errors }) }
}

impl From<Vec<GraphqlError>> for PlanTextError {
    fn from(errors: Vec<GraphqlError>) -> Self {
        let messages: Vec<_> = errors.into_iter().map(|error| error.message).collect();
        Self::Operation(messages.join("\n"))
    }
}

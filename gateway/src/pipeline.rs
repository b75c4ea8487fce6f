//! The line that every request goes along, from text to response.

mod documents;
mod prepared;
mod refused;
mod subscription;

use std::sync::Arc;

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

/// All that the answer to a query can depend on. An operation that is prepared differently has another number.
#[derive(Clone, PartialEq, Eq, Hash)]
struct SharedRequest {
    prepared: u64,
    variables: String,
    identity: Arc<Identity>,
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
        match self.0.prepare(&request, &caller).await {
            Ok(execution) if execution.prepared.operation.kind == OperationKind::Subscription => {
                let message = "Subscriptions are not served over this transport.";
                Refused::from(vec![GraphqlError::new(code::OPERATION_RESOLUTION_FAILURE, message)]).into()
            }
            Ok(execution) => self.0.clone().answer(execution).await,
            Err(refused) => refused.into(),
        }
    }

    /// Answers a query or a mutation, or gives the subscription that was asked for, which is not open yet.
    pub async fn reply(&self, request: GraphqlRequest, caller: Caller) -> Reply {
        match self.0.prepare(&request, &caller).await {
            Ok(execution) if execution.prepared.operation.kind == OperationKind::Subscription => {
                let subscription = Subscription::new(self.0.clone(), execution, caller);
                subscription.map_or_else(|refused| Reply::Once(refused.into()), Reply::Stream)
            }
            Ok(execution) => Reply::Once(self.0.clone().answer(execution).await),
            Err(refused) => Reply::Once(refused.into()),
        }
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
    /// Everything that can be done, and refused, before the first subgraph is asked.
    async fn prepare(&self, request: &GraphqlRequest, caller: &Caller) -> Result<Execution, Refused> {
        let checked = self.documents.get(request, self)?;
        let definition = operation::select(&checked.document, request.operation_name.as_deref())?;
        permitted(definition, caller)?;
        let variables = Variables::coerce(&self.supergraph.api, definition, &request.variables)?;
        let denied = self.supergraph.requirements.denied_to(caller);
        let deadline = caller.deadline.min(Deadline::after(self.settings.operation_timeout));
        let prepared = self.prepared(request, &checked, definition, &variables, denied);
        let prepared = timeout_at(deadline.at(), prepared).await.map_err(|_| Refused::late())??;
        let travel = Travel::of(caller, deadline);
        Ok(Execution { prepared, variables, anonymous: travel.anonymous(), travel })
    }

    async fn prepared(
        &self,
        request: &GraphqlRequest,
        checked: &Checked,
        definition: &OperationDefinition,
        variables: &Variables,
        denied: Denied,
    ) -> Result<Arc<Prepared>, Refused> {
        let key = PreparedKey {
            document: checked.number,
            operation_name: request.operation_name.clone(),
            conditions: checked.conditions.iter().map(|name| variables.is_true(name)).collect(),
            denied,
        };
        if let Some(prepared) = self.prepared.get(&key) {
            return Ok(prepared);
        }
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

    async fn answer(self: Arc<Self>, execution: Execution) -> Answer {
        let is_query = execution.prepared.operation.kind == OperationKind::Query;
        if !is_query || !self.settings.share_client_requests {
            return self.execute(&execution).await;
        }
        let key = SharedRequest {
            prepared: execution.prepared.number,
            variables: execution.variables.all_json(),
            identity: execution.travel.identity.clone(),
            changes: self.calls.changes(),
        };
        let deadline = execution.travel.deadline;
        let inner = self.clone();
        let flying = self.flights.join_or_begin(key, deadline, move || async move { inner.execute(&execution).await });
        match timeout_at(deadline.at(), flying).await {
            Ok(Some(answer)) => answer,
            Ok(None) => Refused::internal("The operation could not be executed.").into(),
            Err(_) => Refused::late().into(),
        }
    }

    async fn execute(&self, execution: &Execution) -> Answer {
        let executed = match &execution.prepared.plan {
            Some(plan) => execute::execute(plan, self.context(execution)).await,
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

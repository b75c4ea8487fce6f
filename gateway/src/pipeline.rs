//! The line that every request goes along, from text to response.

mod refused;
mod subscription;

use std::sync::Arc;

use bytes::Bytes;
use client::{BuildError, Client, Deadline};
use graphql_tools::{
    parser::parse_query,
    static_graphql::query::{Document, OperationDefinition},
};
use thiserror::Error;

use crate::{
    authorize::{self, Denied},
    canonical::{self, Keys},
    clients::Clients,
    error::{GraphqlError, code},
    execute::{self, Executed},
    introspection::Introspection,
    operation::{self, Operation, OperationKind},
    plan::Plan,
    plan_cache::PlanCache,
    planner::{PlanError, Planner},
    project::{self, Projection},
    supergraph::Supergraph,
    tree::Node,
    validate::{self, Validator},
    variables::Variables,
};
pub use crate::{
    request::{Answer, Caller, GraphqlRequest, StatusKind},
    settings::{GatewaySettings, SecretHeaders, SubgraphSettings},
};
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
pub struct Gateway {
    supergraph: Supergraph,
    settings: GatewaySettings,
    validator: Validator,
    plans: PlanCache,
    clients: Clients,
}

/// What a request comes to.
pub enum Reply {
    Once(Answer),
    Stream(Subscription),
}

/// An operation that only has to be executed: once, or for each event.
struct Prepared {
    operation: Operation,
    variables: Variables,
    keys: Keys,
    /// `None` where no subgraph has to be asked.
    plan: Option<Arc<Plan>>,
    caller: Caller,
}

impl Gateway {
    /// Takes as long as indexing the supergraph does. Calls no subgraph.
    pub fn new(supergraph: Supergraph, settings: GatewaySettings) -> Result<Self, GatewayError> {
        let planner = Planner::new(&supergraph.full.document)?;
        Ok(Self {
            validator: Validator::new(settings.introspection),
            plans: PlanCache::new(planner, settings.plan_cache_bytes),
            clients: Clients::new(&supergraph, &settings)?,
            supergraph,
            settings,
        })
    }

    /// Answers a query or a mutation; a subscription is refused. Whatever goes wrong is in the answer.
    pub async fn answer(&self, request: GraphqlRequest, caller: Caller) -> Answer {
        match self.prepare(&request, caller).await {
            Ok((prepared, denied)) => self.execute(&prepared, &denied).await.unwrap_or_else(Refused::into),
            Err(refused) => refused.into(),
        }
    }

    /// Answers a query or a mutation, or gives the subscription that was asked for, which is not open yet.
    pub async fn reply(self: &Arc<Self>, request: GraphqlRequest, caller: Caller) -> Reply {
        let (prepared, denied) = match self.prepare(&request, caller).await {
            Ok(prepared) => prepared,
            Err(refused) => return Reply::Once(refused.into()),
        };
        let replied = if prepared.operation.kind == OperationKind::Subscription {
            Subscription::new(self.clone(), prepared).map(Reply::Stream)
        } else {
            self.execute(&prepared, &denied).await.map(Reply::Once)
        };
        replied.unwrap_or_else(|refused| Reply::Once(refused.into()))
    }

    /// Everything that can be done, and refused, before the first subgraph is asked.
    async fn prepare(&self, request: &GraphqlRequest, mut caller: Caller) -> Result<(Prepared, Denied<'_>), Refused> {
        caller.deadline = caller.deadline.min(Deadline::after(self.settings.operation_timeout));
        document::check_with(&request.query, &|name| request.page_size(name), &self.settings.limits)?;
        let document = parse(&request.query)?;
        self.validator.check(&self.supergraph.api, &document)?;
        let definition = operation::select(&document, request.operation_name.as_deref())?;
        permitted(definition, &caller)?;
        let variables = Variables::coerce(&self.supergraph.api, definition, &request.variables)?;
        let operation = Operation::new(&document, definition, &self.supergraph.api, &variables);
        let denied = self.supergraph.requirements.denied_to(&caller);
        allowed(&operation, &denied)?;
        let keys = Keys::new(&operation, &self.supergraph);
        let plan = match canonical::text(&operation, &self.supergraph, &denied, &keys) {
            Some(canonical) => Some(self.plans.plan(&canonical).await.map_err(|error| Refused::unplanned(&error))?),
            None => None,
        };
        Ok((Prepared { operation, variables, keys, plan, caller }, denied))
    }

    async fn execute(&self, prepared: &Prepared, denied: &Denied<'_>) -> Result<Answer, Refused> {
        if prepared.operation.kind == OperationKind::Subscription {
            let message = "Subscriptions are not served over this transport.";
            return Err(vec![GraphqlError::new(code::OPERATION_RESOLUTION_FAILURE, message)].into());
        }
        let mut executed = match &prepared.plan {
            Some(plan) => execute::execute(plan, &self.context(prepared, &prepared.caller)).await,
            None => Executed::default(),
        };
        self.introspect(prepared, &mut executed);
        Ok(Answer { status: StatusKind::Ok, body: self.project(prepared, denied, executed) })
    }

    fn context<'a>(&'a self, prepared: &'a Prepared, caller: &'a Caller) -> execute::Context<'a> {
        execute::Context {
            full: &self.supergraph.full,
            clients: &self.clients,
            keys: &prepared.keys,
            variables: &prepared.variables,
            caller,
            max_batch: self.settings.max_batch,
        }
    }

    fn introspect(&self, prepared: &Prepared, executed: &mut Executed) {
        let Prepared { operation, keys, variables, .. } = prepared;
        if let (OperationKind::Query, Node::Object(data)) = (operation.kind, &mut executed.data) {
            Introspection { api: &self.supergraph.api, keys, variables }.answer(operation, data);
        }
    }

    fn project(&self, prepared: &Prepared, denied: &Denied<'_>, executed: Executed) -> Bytes {
        let projection = Projection { supergraph: &self.supergraph, denied, keys: &prepared.keys };
        project::project(&prepared.operation, executed, &projection)
    }

    /// A readable plan of an operation, as a caller with every scope would have it executed.
    pub async fn plan_text(&self, operation: &str, operation_name: Option<&str>) -> Result<String, PlanTextError> {
        let document = parse(operation)?;
        self.validator.check(&self.supergraph.api, &document)?;
        let definition = operation::select(&document, operation_name)?;
        let variables =
            Variables::coerce(&self.supergraph.api, definition, &serde_json::Map::new()).unwrap_or_default();
        let operation = Operation::new(&document, definition, &self.supergraph.api, &variables);
        let keys = Keys::new(&operation, &self.supergraph);
        match canonical::text(&operation, &self.supergraph, &Denied::default(), &keys) {
            Some(canonical) => Ok(self.plans.plan(&canonical).await?.to_string()),
            None => Ok("No subgraph is asked.".to_owned()),
        }
    }

    /// Whether requests can be served: true from the beginning, for nothing is loaded later.
    pub fn ready(&self) -> bool {
        true
    }

    pub fn client(&self, subgraph: &str) -> Option<&Client> {
        self.clients.get(subgraph)
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

fn parse(query: &str) -> Result<Document, Vec<GraphqlError>> {
    match parse_query::<String>(query) {
        Ok(document) => {
            let mut document = document.into_static();
            validate::join_repeats(&mut document);
            Ok(document)
        }
        Err(error) => Err(vec![GraphqlError::new(code::PARSE_FAILED, error.to_string())]),
    }
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

fn allowed(operation: &Operation, denied: &Denied<'_>) -> Result<(), Refused> {
    let errors = authorize::refusals(operation, denied);
    if errors.is_empty() { Ok(()) } else { Err(Refused { status: StatusKind::Ok, errors }) }
}

impl From<Vec<GraphqlError>> for PlanTextError {
    fn from(errors: Vec<GraphqlError>) -> Self {
        let messages: Vec<_> = errors.into_iter().map(|error| error.message).collect();
        Self::Operation(messages.join("\n"))
    }
}

//! The line that every request goes along, from text to response.

use std::sync::Arc;

use bytes::Bytes;
use client::{BuildError, Client, Deadline};
use document::LimitError;
use graphql_tools::{
    parser::{Pos, parse_query},
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
    settings::{GatewaySettings, SubgraphSettings},
};

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

/// Why a request was not executed.
struct Refused {
    status: StatusKind,
    errors: Vec<GraphqlError>,
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

    /// Answers a request. Whatever goes wrong is in the answer.
    pub async fn answer(&self, request: GraphqlRequest, caller: Caller) -> Answer {
        match self.execute(&request, caller).await {
            Ok(body) => Answer { status: StatusKind::Ok, body },
            Err(refused) => refused.answer(),
        }
    }

    async fn execute(&self, request: &GraphqlRequest, mut caller: Caller) -> Result<Bytes, Refused> {
        caller.deadline = caller.deadline.min(Deadline::after(self.settings.operation_timeout));
        document::check(&request.query, &self.settings.limits)?;
        let document = parse(&request.query)?;
        self.validator.check(&self.supergraph.api, &document)?;
        let definition = operation::select(&document, request.operation_name.as_deref())?;
        permitted(definition, &caller)?;
        let variables = Variables::coerce(&self.supergraph.api, definition, &request.variables)?;
        let operation = Operation::new(&document, definition, &self.supergraph.api, &variables);
        let denied = self.supergraph.requirements.denied_to(&caller);
        if let Some(refusal) = authorize::refused_mutation(&operation, &denied) {
            return Ok(refusal);
        }
        let keys = Keys::new(&operation, &self.supergraph);
        let mut executed = match canonical::text(&operation, &self.supergraph, &denied, &keys) {
            Some(canonical) => self.fetch(&canonical, &keys, &variables, &caller).await?,
            None => Executed::default(),
        };
        self.introspect(&operation, &keys, &variables, &mut executed);
        let projection = Projection { supergraph: &self.supergraph, denied: &denied, keys: &keys };
        Ok(project::project(&operation, executed, &projection))
    }

    async fn fetch(
        &self,
        canonical: &str,
        keys: &Keys,
        variables: &Variables,
        caller: &Caller,
    ) -> Result<Executed, Refused> {
        let plan = self.plans.plan(canonical).await.map_err(|error| Refused::unplanned(&error))?;
        let context = execute::Context {
            full: &self.supergraph.full,
            clients: &self.clients,
            keys,
            variables,
            caller,
            max_batch: self.settings.max_batch,
        };
        Ok(execute::execute(&plan, &context).await)
    }

    fn introspect(&self, operation: &Operation, keys: &Keys, variables: &Variables, executed: &mut Executed) {
        if let (OperationKind::Query, Node::Object(data)) = (operation.kind, &mut executed.data) {
            Introspection { api: &self.supergraph.api, keys, variables }.answer(operation, data);
        }
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
            validate::drop_repeats(&mut document);
            Ok(document)
        }
        Err(error) => Err(vec![GraphqlError::new(code::PARSE_FAILED, error.to_string())]),
    }
}

fn permitted(definition: &OperationDefinition, caller: &Caller) -> Result<(), Refused> {
    let (status, error) = match OperationKind::of(definition) {
        OperationKind::Mutation if !caller.allow_mutation => (
            StatusKind::MethodNotAllowed,
            GraphqlError::new(code::BAD_USER_INPUT, "Mutations are not allowed over this method."),
        ),
        OperationKind::Subscription => (
            StatusKind::RequestError,
            GraphqlError::new(code::OPERATION_RESOLUTION_FAILURE, "Subscriptions are not served over this transport."),
        ),
        OperationKind::Query | OperationKind::Mutation => return Ok(()),
    };
    Err(Refused { status, errors: vec![error] })
}

impl Refused {
    fn unplanned(error: &PlanError) -> Self {
        tracing::error!(error = %error, "operation not planned");
        let (status, error) = match error {
            PlanError::Overloaded => (
                StatusKind::Overloaded,
                GraphqlError::new(code::OVERLOADED, "Too many operations are waiting to be planned."),
            ),
            PlanError::Supergraph(_) | PlanError::Operation(_) | PlanError::Panic => {
                (StatusKind::Internal, GraphqlError::new(code::INTERNAL, "The operation could not be planned."))
            }
        };
        Self { status, errors: vec![error] }
    }

    fn answer(&self) -> Answer {
        let body = serde_json::json!({ "errors": self.errors });
        Answer { status: self.status, body: Bytes::from(body.to_string()) }
    }
}

impl From<Vec<GraphqlError>> for Refused {
    fn from(errors: Vec<GraphqlError>) -> Self {
        Self { status: StatusKind::RequestError, errors }
    }
}

impl From<LimitError> for Refused {
    fn from(error: LimitError) -> Self {
        tracing::info!(code = error.code(), "document refused");
        let refusal = GraphqlError::new(error.code(), error.to_string());
        match error {
            LimitError::Syntax { line, column, .. } => vec![refusal.located(Pos { line, column })].into(),
            LimitError::DuplicateFragment(_) => vec![refusal].into(),
            _ => Self { status: StatusKind::LimitExceeded, errors: vec![refusal] },
        }
    }
}

impl From<Vec<GraphqlError>> for PlanTextError {
    fn from(errors: Vec<GraphqlError>) -> Self {
        let messages: Vec<_> = errors.into_iter().map(|error| error.message).collect();
        Self::Operation(messages.join("\n"))
    }
}

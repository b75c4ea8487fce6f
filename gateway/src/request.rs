//! What the edge hands to the pipeline, and what it gets back.

use std::collections::BTreeSet;

use bytes::Bytes;
use client::Deadline;
use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value};
use service::telemetry::TraceContext;

/// A GraphQL request as its transport carried it: nothing is parsed or trusted yet.
#[derive(Debug, Clone, Default)]
pub struct GraphqlRequest {
    pub query: String,
    pub operation_name: Option<String>,
    pub variables: Map<String, Value>,
}

impl GraphqlRequest {
    /// Equal for requests that are equal.
    pub(crate) fn to_json(&self) -> String {
        let Self { query, operation_name, variables } = self;
        serde_json::json!({ "query": query, "operationName": operation_name, "variables": variables }).to_string()
    }

    /// The variable as the size of a page, if it can be one. What is no `Int` is left to coercion.
    pub(crate) fn page_size(&self, variable: &str) -> Option<usize> {
        let size = i32::try_from(self.variables.get(variable)?.as_i64()?).ok()?;
        size.try_into().ok()
    }
}

/// Who asks, and what the edge allows this request to do.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Scopes of a *verified* token; empty for an anonymous caller.
    pub scopes: BTreeSet<String>,
    pub authenticated: bool,
    /// Forwarded to every subgraph, which verifies it again.
    pub authorization: Option<HeaderValue>,
    /// Further headers that travel to the subgraphs, whose answers may depend on them.
    pub forwarded: HeaderMap,
    /// It travels too; no answer depends on it.
    pub trace: TraceContext,
    pub deadline: Deadline,
    /// When the token ends, and with it every stream that it opened; `None` where no token was verified.
    pub expires_at: Option<Deadline>,
    /// False where the transport must not change anything, which is GET; it opens no streams either.
    pub allow_mutation: bool,
}

impl Caller {
    /// Nobody who is known, over a transport that may change things.
    pub fn anonymous(deadline: Deadline) -> Self {
        Self {
            scopes: BTreeSet::new(),
            authenticated: false,
            authorization: None,
            forwarded: HeaderMap::new(),
            trace: TraceContext::of(&HeaderMap::new()),
            deadline,
            expires_at: None,
            allow_mutation: true,
        }
    }
}

/// How far a request came. The edge turns it into a status code, which depends on the media type asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusKind {
    /// Executed, completely or in part, or refused as a whole by authorisation: the body has `data`.
    Ok,
    /// Refused before execution: the body has `errors` only.
    RequestError,
    /// Refused for what it would cost, valid or not: the body has `errors` only.
    LimitExceeded,
    /// A mutation or a subscription over a transport that only queries may use.
    MethodNotAllowed,
    /// Not executed because too much is being planned already.
    Overloaded,
    /// Not executed because of a fault on this side.
    Internal,
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusKind,
    /// The complete JSON of the response.
    pub body: Bytes,
}

//! Errors as GraphQL responses carry them (specification, section 7.1.2).

use std::{borrow::Cow, sync::Arc};

use graphql_tools::parser::Pos;
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};
use serde_json::{Map, Value};

/// Stable values of `extensions.code` for faults that the gateway finds itself.
pub(crate) mod code {
    pub(crate) const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
    pub(crate) const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
    pub(crate) const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
    pub(crate) const OPERATION_RESOLUTION_FAILURE: &str = "OPERATION_RESOLUTION_FAILURE";
    pub(crate) const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
    pub(crate) const FORBIDDEN: &str = "FORBIDDEN";
    pub(crate) const SUBGRAPH_UNAVAILABLE: &str = "SUBGRAPH_UNAVAILABLE";
    pub(crate) const DEADLINE_EXCEEDED: &str = "DEADLINE_EXCEEDED";
    pub(crate) const OVERLOADED: &str = "OVERLOADED";
    pub(crate) const INTERNAL: &str = "INTERNAL";
}

/// One step of a response path: a response key or an index into a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub(crate) enum PathSegment {
    Key(Arc<str>),
    Index(usize),
}

/// A GraphQL error that is safe to show to a client.
#[derive(Debug, Clone)]
pub(crate) struct GraphqlError {
    pub(crate) message: Cow<'static, str>,
    pub(crate) locations: Vec<Pos>,
    /// Response keys of the client's operation, never those of a subgraph request.
    pub(crate) path: Option<Vec<PathSegment>>,
    pub(crate) code: Cow<'static, str>,
    /// The subgraph that is to blame.
    pub(crate) service: Option<Arc<str>>,
    /// What a subgraph put into `extensions` besides its code.
    pub(crate) extensions: Map<String, Value>,
}

impl GraphqlError {
    pub(crate) fn new(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            message: message.into(),
            locations: Vec::new(),
            path: None,
            code: Cow::Borrowed(code),
            service: None,
            extensions: Map::new(),
        }
    }

    pub(crate) fn at(mut self, path: Vec<PathSegment>) -> Self {
        self.path = Some(path);
        self
    }

    pub(crate) fn located(mut self, position: Pos) -> Self {
        self.locations.push(position);
        self
    }

    pub(crate) fn of_service(mut self, service: &Arc<str>) -> Self {
        self.service = Some(service.clone());
        self
    }
}

impl Serialize for GraphqlError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut error = serializer.serialize_map(None)?;
        error.serialize_entry("message", &self.message)?;
        if !self.locations.is_empty() {
            error.serialize_entry("locations", &Locations(&self.locations))?;
        }
        if let Some(path) = &self.path {
            error.serialize_entry("path", path)?;
        }
        error.serialize_entry("extensions", &Extensions(self))?;
        error.end()
    }
}

struct Locations<'a>(&'a [Pos]);

impl Serialize for Locations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Location {
            line: usize,
            column: usize,
        }
        let mut locations = serializer.serialize_seq(Some(self.0.len()))?;
        for position in self.0 {
            locations.serialize_element(&Location { line: position.line, column: position.column })?;
        }
        locations.end()
    }
}

struct Extensions<'a>(&'a GraphqlError);

impl Serialize for Extensions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut extensions = serializer.serialize_map(None)?;
        extensions.serialize_entry("code", &self.0.code)?;
        if let Some(service) = &self.0.service {
            extensions.serialize_entry("service", service)?;
        }
        for (key, value) in &self.0.extensions {
            extensions.serialize_entry(key, value)?;
        }
        extensions.end()
    }
}

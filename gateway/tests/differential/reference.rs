//! The GraphQL specification's execution (October 2021 and later drafts, section 6), as directly as it can be written:
//! one field after the other, nothing remembered. It answers for the reference and for each subgraph.

mod arguments;
mod collect;
mod complete;

use async_graphql::parser::types::{ExecutableDocument, FieldDefinition, OperationType};
use serde_json::{Map, Value, json};

use crate::schema::Schema;
pub(crate) use collect::{Grouped, applies};

pub(crate) type Path = Vec<Value>;

/// Where values come from.
pub(crate) trait Resolver {
    /// A member `$error` of an object, here or inside a list, is a resolver that fails.
    fn resolve(&self, object: &Value, parent: &str, field: &FieldDefinition, arguments: &Map<String, Value>) -> Value;

    /// `None` where the object does not say; then it is what the schema declares.
    fn type_name(&self, object: &Value) -> Option<String>;
}

/// A field error (section 6.4.4).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    pub(crate) path: Path,
    pub(crate) message: String,
    /// Where the null that it causes comes to rest: at `path`, or above it.
    pub(crate) nulled: Path,
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) data: Value,
    /// All of them: a field is executed although its parent has become null already.
    pub(crate) failures: Vec<Failure>,
}

pub(crate) struct Execution<'a, R> {
    pub(crate) schema: &'a Schema,
    pub(crate) document: &'a ExecutableDocument,
    pub(crate) variables: Map<String, Value>,
    pub(crate) resolver: &'a R,
    failures: Vec<Failure>,
}

impl<'a, R: Resolver> Execution<'a, R> {
    pub(crate) fn new(schema: &'a Schema, document: &'a ExecutableDocument, resolver: &'a R) -> Self {
        Self { schema, document, variables: Map::new(), resolver, failures: Vec::new() }
    }

    /// Variables have to fit their types.
    pub(crate) fn run(mut self, name: Option<&str>, variables: &Map<String, Value>, root: &Value) -> Response {
        let mut operations = self.document.operations.iter();
        let operation = match name {
            Some(name) => operations.find(|(known, _)| known.is_some_and(|known| known == name)),
            None => operations.next(),
        };
        let operation = &operation.expect("the operation exists").1.node;
        self.variables = self.variables(operation, variables);
        let root_type = match operation.ty {
            OperationType::Mutation => "Mutation",
            _ => "Query",
        };
        let grouped = self.collect(root_type, &[&operation.selection_set.node]);
        let completed = self.object(root, root_type, &grouped, &mut Vec::new());
        let data = completed.unwrap_or_else(|_| {
            self.settle(0, &[]);
            Value::Null
        });
        Response { data, failures: self.failures }
    }

    /// The document's only operation, as a selection on an object.
    pub(crate) fn select(mut self, object_type: &str, object: &Value) -> Response {
        let operation = &self.document.operations.iter().next().expect("the operation exists").1.node;
        let grouped = self.collect(object_type, &[&operation.selection_set.node]);
        let data = self.object(object, object_type, &grouped, &mut Vec::new()).unwrap_or_default();
        Response { data, failures: self.failures }
    }

    fn fail(&mut self, path: &Path, message: impl Into<String>) {
        self.failures.push(Failure { path: path.clone(), message: message.into(), nulled: vec![UNSETTLED] });
    }

    /// The errors that came after the first ones, and have come up to here, come to rest here.
    fn settle(&mut self, first: usize, at: &[Value]) {
        for failure in &mut self.failures[first..] {
            if failure.nulled == [UNSETTLED] {
                failure.nulled = at.to_vec();
            }
        }
    }
}

/// No segment of any path.
const UNSETTLED: Value = Value::Bool(true);

impl Response {
    /// As a server sends it. `data` is null rather than left out: execution has begun.
    pub(crate) fn into_json(self) -> Value {
        let mut response = json!({ "data": self.data });
        if !self.failures.is_empty() {
            let errors = self.failures.into_iter().map(|it| json!({ "message": it.message, "path": it.path }));
            response["errors"] = errors.collect();
        }
        response
    }
}

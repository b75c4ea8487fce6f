//! From fetched data to the client's response: the original operation is completed against the API schema as the
//! specification says (section 6.4), with the runtime type of each object, and written once.

mod collect;
mod leaf;

use std::collections::HashSet;

use bytes::Bytes;
use graphql_tools::static_graphql::schema::Type;

use crate::{
    authorize::Denied,
    canonical::Keys,
    error::{GraphqlError, PathSegment, code},
    execute::Executed,
    operation::{Operation, TYPENAME},
    supergraph::Supergraph,
    tree::{Node, Object, write_key},
};
use collect::{Collected, Group};

pub(crate) struct Projection<'a> {
    pub(crate) supergraph: &'a Supergraph,
    pub(crate) denied: &'a Denied<'a>,
    pub(crate) keys: &'a Keys,
}

/// The complete response of an executed operation.
pub(crate) fn project(operation: &Operation, executed: Executed, projection: &Projection<'_>) -> Bytes {
    let mut writer = Writer {
        projection,
        out: br#"{"data":"#.to_vec(),
        path: Vec::new(),
        explained: Explained::new(&executed.errors),
        errors: executed.errors,
    };
    let start = writer.out.len();
    let group = Group::new(vec![&operation.set]);
    let written = match &executed.data {
        Node::Object(data) => writer.object(data, &group, &operation.set.parent),
        _ => Err(Bubble),
    };
    if written.is_err() {
        writer.null_from(start);
    }
    writer.finish()
}

/// A null in a non-null position, on its way to the nearest place that may be null.
struct Bubble;

struct Writer<'a> {
    projection: &'a Projection<'a>,
    out: Vec<u8>,
    /// Of the value that is being written.
    path: Vec<PathSegment>,
    errors: Vec<GraphqlError>,
    explained: Explained,
}

impl<'a> Writer<'a> {
    fn object(&mut self, object: &Object, group: &Group<'a>, typename: &str) -> Result<(), Bubble> {
        let fields = group.fields(typename, self.projection);
        self.out.push(b'{');
        for (index, field) in fields.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            write_key(&field.field.response_key, &mut self.out);
            self.path.push(PathSegment::Key(field.field.response_key.clone()));
            self.field(object, field, typename)?;
            self.path.pop();
        }
        self.out.push(b'}');
        Ok(())
    }

    fn field(&mut self, object: &Object, field: &Collected<'a>, typename: &str) -> Result<(), Bubble> {
        if &*field.field.name == TYPENAME && self.projection.supergraph.api.is_object(typename) {
            self.out.extend_from_slice(format!("\"{typename}\"").as_bytes());
            return Ok(());
        }
        let node = match field.denial {
            None if &*field.field.name == TYPENAME => &Node::Null,
            None => object.get(field.fetched).unwrap_or(&Node::Null),
            Some(denial) => {
                self.report(denial.error());
                &Node::Null
            }
        };
        self.complete(node, field.field_type, field)
    }

    fn complete(&mut self, node: &Node, expected: &Type, field: &Collected<'a>) -> Result<(), Bubble> {
        let Type::NonNullType(expected) = expected else {
            self.complete_nullable(node, expected, field);
            return Ok(());
        };
        let is_null = self.complete_nullable(node, expected, field);
        if !is_null {
            return Ok(());
        }
        if !self.explained.covers(&self.path) {
            let coordinate = format!("{}.{}", field.field.parent, field.field.name);
            self.report(GraphqlError::new(
                code::INTERNAL,
                format!("Cannot return null for non-nullable field {coordinate}."),
            ));
        }
        Err(Bubble)
    }

    /// Says whether null was written.
    fn complete_nullable(&mut self, node: &Node, expected: &Type, field: &Collected<'a>) -> bool {
        let start = self.out.len();
        let depth = self.path.len();
        let written = match (expected, node) {
            (_, Node::Null) => Err(Bubble),
            (Type::NonNullType(inner), node) => return self.complete_nullable(node, inner, field),
            (Type::ListType(inner), Node::List(items)) => self.list(items, inner, field),
            (Type::ListType(inner), Node::Leaf(json)) => match leaf::items(json) {
                Some(items) => self.list(&items, inner, field),
                None => self.mismatch(),
            },
            (Type::NamedType(name), Node::Object(object)) => self.composite(object, name, field),
            (Type::NamedType(name), Node::Leaf(json)) if field.inner.is_none() => {
                match leaf::complete(json, self.projection.supergraph.api.get(name)) {
                    Some(json) => {
                        self.out.extend_from_slice(&json);
                        Ok(())
                    }
                    None => self.mismatch(),
                }
            }
            _ => self.mismatch(),
        };
        if written.is_err() {
            self.path.truncate(depth);
            self.null_from(start);
        }
        written.is_err()
    }

    fn list(&mut self, items: &[Node], of: &Type, field: &Collected<'a>) -> Result<(), Bubble> {
        self.out.push(b'[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.path.push(PathSegment::Index(index));
            self.complete(item, of, field)?;
            self.path.pop();
        }
        self.out.push(b']');
        Ok(())
    }

    fn composite(&mut self, object: &Object, declared: &str, field: &Collected<'a>) -> Result<(), Bubble> {
        match (self.runtime_type(object, declared), &field.inner) {
            (Some(name), Some(group)) => self.object(object, group, name),
            // Also where a subgraph answers with a type that clients must not know of: its name is not said.
            _ => self.mismatch(),
        }
    }

    /// An object of an interface that was taken from an `@interfaceObject` has no type but the interface, as long as
    /// nothing that was asked depends on it.
    fn runtime_type<'n>(&self, object: &'n Object, declared: &'n str) -> Option<&'n str> {
        let Supergraph { api, full, .. } = self.projection.supergraph;
        if api.is_object(declared) {
            return Some(declared);
        }
        match object.typename() {
            Some(name) if api.is_object(name) => api.satisfies(name, declared).then_some(name),
            Some(name) if full.is_object(name) => None,
            _ => self.projection.supergraph.is_behind_interface_object(declared).then_some(declared),
        }
    }

    fn mismatch(&mut self) -> Result<(), Bubble> {
        if !self.explained.covers(&self.path) {
            self.report(GraphqlError::new(
                code::INTERNAL,
                "A service sent a value that the schema does not allow here.",
            ));
        }
        Err(Bubble)
    }

    fn report(&mut self, error: GraphqlError) {
        self.explained.add(&self.path);
        self.errors.push(error.at(self.path.clone()));
    }

    fn null_from(&mut self, start: usize) {
        self.out.truncate(start);
        self.out.extend_from_slice(b"null");
    }

    fn finish(mut self) -> Bytes {
        if !self.errors.is_empty() {
            self.out.extend_from_slice(b",\"errors\":");
            // Strings and maps of strings always serialize.
            let errors = serde_json::to_vec(&self.errors).unwrap_or_default();
            self.out.extend_from_slice(&errors);
        }
        self.out.push(b'}');
        Bytes::from(self.out)
    }
}

/// Where a null has its error already: below the path of an error, or above it, because the null of the error has
/// come up from there.
struct Explained {
    paths: HashSet<Vec<PathSegment>>,
    parents: HashSet<Vec<PathSegment>>,
}

impl Explained {
    fn new(errors: &[GraphqlError]) -> Self {
        let mut explained = Self { paths: HashSet::new(), parents: HashSet::new() };
        for error in errors {
            explained.add(error.path.as_deref().unwrap_or_default());
        }
        explained
    }

    fn add(&mut self, path: &[PathSegment]) {
        self.paths.insert(path.to_vec());
        for length in 0..path.len() {
            self.parents.insert(path[..length].to_vec());
        }
    }

    fn covers(&self, path: &[PathSegment]) -> bool {
        self.parents.contains(path) || (0..=path.len()).any(|length| self.paths.contains(&path[..length]))
    }
}

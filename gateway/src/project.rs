//! From fetched data to the client's response: the original operation is completed against the API schema as the
//! specification says (section 6.4), with the runtime type of each object, and written once.

mod branch;
mod explained;
mod leaf;
mod output;

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    authorize::Denied,
    canonical::Keys,
    error::{GraphqlError, PathSegment, code},
    execute::Executed,
    introspection,
    operation::Name,
    plan::Plan,
    supergraph::Supergraph,
    tree::{Node, Tree},
};
pub(crate) use branch::{Written, project_branch};
use explained::Explained;
pub(crate) use output::Output;
use output::{Expected, Field, Group, What};

/// What an output is compiled from, a part of it when it is first needed.
#[derive(Clone, Copy)]
pub(crate) struct Projection<'a> {
    pub(crate) supergraph: &'a Supergraph,
    pub(crate) denied: &'a Denied,
    pub(crate) keys: &'a Keys,
    pub(crate) plan: Option<&'a Plan>,
}

/// The complete response of an executed operation. `introspected` are the values of `__schema` and `__type`.
pub(crate) fn project(
    output: &Output,
    executed: Executed,
    introspected: &introspection::Values,
    projection: Projection<'_>,
) -> Bytes {
    let Executed { tree, errors, written } = executed;
    let mut writer = Writer::new(projection, introspected, &tree, errors, output.bytes.get());
    writer.written = &written;
    writer.out.extend_from_slice(br#"{"data":"#);
    writer.errors.extend(written.iter().flat_map(|written| &written.errors).cloned());
    let start = writer.out.len();
    if let Err(bubble) = writer.root(output.root_fields(projection)) {
        writer.stop(bubble, start, 0);
    }
    let body = writer.finish();
    output.bytes.was(body.len());
    body
}

/// A null in a non-null position, on its way to the nearest place that may be null.
#[derive(Clone)]
enum Bubble {
    /// There is an error that says why.
    Explained,
    /// There is none. This one is added where the null stops, unless a neighbour that it takes with it has one
    /// (specification, section 6.4.4).
    Unexplained(Box<GraphqlError>),
}

struct Writer<'a> {
    projection: Projection<'a>,
    introspected: &'a introspection::Values,
    tree: &'a Tree,
    out: Vec<u8>,
    written: &'a [Arc<Written>],
    /// Of the value that is being written.
    path: Vec<Step<'a>>,
    /// How many of the objects and lists that are being written have become null: no error is added in them.
    lost: usize,
    errors: Vec<GraphqlError>,
    explained: Explained,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a Name),
    Index(usize),
}

impl<'a> Writer<'a> {
    fn new(
        projection: Projection<'a>,
        introspected: &'a introspection::Values,
        tree: &'a Tree,
        errors: Vec<GraphqlError>,
        bytes: usize,
    ) -> Self {
        Self {
            projection,
            introspected,
            tree,
            out: Vec::with_capacity(bytes),
            written: &[],
            path: Vec::new(),
            lost: 0,
            explained: Explained::new(&errors),
            errors,
        }
    }

    fn object(&mut self, object: u32, fields: &'a [Field]) -> Result<(), Bubble> {
        self.members(Some(object), fields, |writer, _, field| writer.field(object, field))
    }

    /// Writes a leaf that is as it should be, which most fields are; else does nothing.
    fn sound_leaf(&mut self, object: u32, field: &Field) -> bool {
        let (What::Leaf(kind), Some(slot), None, None) =
            (&field.what, field.slot, &field.expected.items, &field.denial)
        else {
            return false;
        };
        match self.tree.slot(object, slot) {
            Node::Leaf(text) => kind.write(self.tree.text(text), &mut self.out),
            _ => false,
        }
    }

    fn members(
        &mut self,
        object: Option<u32>,
        fields: &'a [Field],
        write: impl Fn(&mut Self, usize, &'a Field) -> Result<(), Bubble>,
    ) -> Result<(), Bubble> {
        self.out.push(b'{');
        for (index, field) in fields.iter().enumerate() {
            self.out.extend_from_slice(&field.quoted[usize::from(index == 0)..]);
            if object.is_some_and(|object| self.sound_leaf(object, field)) {
                continue;
            }
            self.path.push(Step::Key(&field.key));
            if let Err(bubble) = write(self, index, field) {
                let others = fields.iter().enumerate().skip(index + 1);
                return Err(self.explain(
                    bubble,
                    others.map(|(index, field)| (Step::Key(&field.key), (index, field))),
                    |writer, (index, field)| write(writer, index, field),
                ));
            }
            self.path.pop();
        }
        self.out.push(b'}');
        Ok(())
    }

    /// Looks for an explanation of a bubble among the places beside it, which become null with it.
    fn explain<T>(
        &mut self,
        bubble: Bubble,
        others: impl Iterator<Item = (Step<'a>, T)>,
        write: impl Fn(&mut Self, T) -> Result<(), Bubble>,
    ) -> Bubble {
        self.path.pop();
        if matches!(bubble, Bubble::Explained) {
            return bubble;
        }
        self.lost += 1;
        let mut explained = false;
        for (step, other) in others {
            let depth = self.path.len();
            self.path.push(step);
            explained = matches!(write(self, other), Err(Bubble::Explained));
            self.path.truncate(depth);
            if explained {
                break;
            }
        }
        self.lost -= 1;
        if explained { Bubble::Explained } else { bubble }
    }

    fn field(&mut self, object: u32, field: &'a Field) -> Result<(), Bubble> {
        if let Some(denial) = field.denial {
            let bubble = self.report(denial.error());
            return if field.expected.nullable { self.write_null() } else { Err(bubble) };
        }
        match &field.what {
            What::Typename(Some(name)) => self.out.extend_from_slice(name),
            What::Typename(None) => return self.complete(Node::Null, &field.expected, field),
            What::Introspection => self.out.extend_from_slice(self.introspected.get(&field.key)),
            What::Leaf(_) | What::Objects(_) => {
                let node = field.slot.map_or(Node::Missing, |slot| self.tree.slot(object, slot));
                return self.complete(node, &field.expected, field);
            }
        }
        Ok(())
    }

    fn complete(&mut self, node: Node, expected: &'a Expected, field: &'a Field) -> Result<(), Bubble> {
        let start = self.out.len();
        let depth = self.path.len();
        let written = match (node, &expected.items) {
            (Node::Missing | Node::Null, _) if expected.nullable => return self.write_null(),
            (Node::Missing | Node::Null, _) => return Err(self.unexplained(field)),
            (Node::List { start, length }, Some(items)) => self.list(start, length, items, field),
            (Node::Leaf(text), Some(items)) => self.leaves(text, items, field),
            (node, None) => self.named(node, field),
            _ => Err(self.mismatch()),
        };
        match written {
            Err(bubble) if expected.nullable => {
                self.stop(bubble, start, depth);
                Ok(())
            }
            written => written,
        }
    }

    fn write_null(&mut self) -> Result<(), Bubble> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn unexplained(&self, field: &Field) -> Bubble {
        if self.explained.covers(&self.path) {
            return Bubble::Explained;
        }
        let message = format!("Cannot return null for non-nullable field {}.", field.coordinate);
        Bubble::Unexplained(Box::new(GraphqlError::new(code::INTERNAL, message).at(segments(&self.path))))
    }

    /// Writes null in place of what was written from `start` on, at a path of length `depth`.
    fn stop(&mut self, bubble: Bubble, start: usize, depth: usize) {
        self.path.truncate(depth);
        if let Bubble::Unexplained(error) = bubble {
            self.add(*error);
        }
        self.out.truncate(start);
        self.out.extend_from_slice(b"null");
    }

    fn named(&mut self, node: Node, field: &'a Field) -> Result<(), Bubble> {
        match (node, &field.what) {
            (Node::Leaf(text), What::Leaf(kind)) => {
                if kind.write(self.tree.text(text), &mut self.out) {
                    Ok(())
                } else {
                    Err(self.mismatch())
                }
            }
            (Node::Type(of), What::Leaf(kind)) => {
                let name = self.projection.supergraph.full.name_of(of).unwrap_or_default();
                if kind.write(format!("\"{name}\"").as_bytes(), &mut self.out) { Ok(()) } else { Err(self.mismatch()) }
            }
            (Node::Object(object), What::Objects(group)) => self.composite(object, group),
            _ => Err(self.mismatch()),
        }
    }

    fn list(&mut self, start: u32, length: u32, of: &'a Expected, field: &'a Field) -> Result<(), Bubble> {
        self.items(self.tree.items(start, length), of, field)
    }

    fn items(&mut self, items: &[Node], of: &'a Expected, field: &'a Field) -> Result<(), Bubble> {
        self.out.push(b'[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.path.push(Step::Index(index));
            if let Err(bubble) = self.complete(*item, of, field) {
                let others = (index + 1..).zip(&items[index + 1..]);
                return Err(self.explain(
                    bubble,
                    others.map(|(index, item)| (Step::Index(index), *item)),
                    |writer, item| writer.complete(item, of, field),
                ));
            }
            self.path.pop();
        }
        self.out.push(b']');
        Ok(())
    }

    /// A list of leaves, which is kept as one text until here.
    fn leaves(&mut self, text: crate::tree::Text, of: &'a Expected, field: &'a Field) -> Result<(), Bubble> {
        match leaf::items(self.tree, text) {
            Some(items) => self.items(&items, of, field),
            None => Err(self.mismatch()),
        }
    }

    fn composite(&mut self, object: u32, group: &'a Group) -> Result<(), Bubble> {
        let of = self.tree.type_of(object, group.typename);
        match group.fields(of, self.projection) {
            Some(fields) => self.object(object, fields),
            // Also where a subgraph answers with a type that clients must not know of: its name is not said.
            None => Err(self.mismatch()),
        }
    }

    fn mismatch(&mut self) -> Bubble {
        if self.explained.covers(&self.path) {
            return Bubble::Explained;
        }
        self.report(GraphqlError::new(code::INTERNAL, "A service sent a value that the schema does not allow here."))
    }

    /// Adds an error at the path of the value that is being written. Where that is lost it is not added, and explains nothing.
    fn report(&mut self, error: GraphqlError) -> Bubble {
        let error = error.at(segments(&self.path));
        if self.lost > 0 {
            return Bubble::Unexplained(Box::new(error));
        }
        self.add(error);
        Bubble::Explained
    }

    fn add(&mut self, error: GraphqlError) {
        if self.lost == 0 {
            self.explained.add(error.path.as_deref().unwrap_or_default());
            self.errors.push(error);
        }
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

fn segments(path: &[Step<'_>]) -> Vec<PathSegment> {
    let segment = |step: &Step<'_>| match step {
        Step::Key(key) => PathSegment::Key((*key).clone()),
        Step::Index(index) => PathSegment::Index(*index),
    };
    path.iter().map(segment).collect()
}

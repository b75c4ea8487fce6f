//! References (`representations`) of the objects at a path, equal ones once.

use std::collections::HashMap;

use super::{locate::Location, rewrite};
use crate::{
    operation::{Name, TYPENAME},
    plan::{Required, Rewrite},
    schema::Schema,
    tree::{self, Node, Object},
};

#[derive(Debug, Default)]
pub(super) struct References {
    /// JSON of each reference.
    pub(super) json: Vec<Vec<u8>>,
    /// For each reference the objects that it stands for.
    pub(super) targets: Vec<Vec<Location>>,
    known: HashMap<Vec<u8>, usize>,
}

impl References {
    /// Leaves out an object of another type, and one whose inputs are not there because an earlier fetch failed.
    pub(super) fn add(
        &mut self,
        object: &Object,
        target: Location,
        requires: &[Required],
        rewrites: &[Rewrite],
        full: &Schema,
    ) {
        let Some(mut reference) = project(object, requires, full).filter(|it| !it.is_empty()) else {
            return;
        };
        // One that names only its type may stand for another object each time.
        let identifies = reference.iter().any(|(key, _)| **key != *TYPENAME);
        for rewrite in rewrites {
            let mut node = Node::Object(reference);
            rewrite::apply(rewrite, &mut node, full);
            let Node::Object(rewritten) = node else { return };
            reference = rewritten;
        }
        let mut json = Vec::new();
        tree::write(&Node::Object(reference), &mut json);
        match self.known.get(&json) {
            Some(position) if identifies => self.targets[*position].push(target),
            _ => {
                self.known.insert(json.clone(), self.json.len());
                self.json.push(json);
                self.targets.push(vec![target]);
            }
        }
    }
}

/// `None` where a required value has never been fetched. A value that was fetched and is null is sent as null.
fn project(object: &Object, requires: &[Required], full: &Schema) -> Option<Object> {
    let mut projected = Object::default();
    for required in requires {
        match required {
            Required::Fragment { condition, set } => {
                if matches(object, condition, full) {
                    let inner = project(object, set, full)?;
                    if inner.get(TYPENAME).is_none() && projected.get(TYPENAME).is_none() {
                        projected.insert(Name::from(TYPENAME), Node::from_name(condition));
                    }
                    inner.into_iter().for_each(|(key, node)| projected.insert(key, node));
                }
            }
            Required::Field { from, .. } if **from == *TYPENAME => {
                if let Some(typename) = object.get(TYPENAME) {
                    projected.insert(from.clone(), typename.clone());
                }
            }
            Required::Field { from, key, set } => {
                let node = object.get(from).or_else(|| object.get(key))?;
                projected.insert(key.clone(), value(node, set, full)?);
            }
        }
    }
    Some(projected)
}

fn value(node: &Node, set: &[Required], full: &Schema) -> Option<Node> {
    match node {
        Node::Null | Node::Leaf(_) => Some(node.clone()),
        Node::List(items) => items.iter().map(|item| value(item, set, full)).collect::<Option<_>>().map(Node::List),
        Node::Object(object) => project(object, set, full).map(Node::Object),
    }
}

/// An object whose type is known only as an interface, as `@interfaceObject` subgraphs name it, may be of any of its
/// types.
fn matches(object: &Object, condition: &str, full: &Schema) -> bool {
    object.typename().is_none_or(|name| {
        full.satisfies(name, condition) || (!full.is_object(name) && full.satisfies(condition, name))
    })
}

//! From a path of a plan to the places of the response tree that it means.

use crate::{error::PathSegment, plan::PathStep, schema::Schema, tree::Node};

/// Keys and indices from the root of the tree.
pub(super) type Location = Vec<PathSegment>;

/// Every object at the path, in the order of the lists on the way.
pub(super) fn locate(root: &Node, path: &[PathStep], full: &Schema) -> Vec<Location> {
    let mut found = Vec::new();
    walk(root, path, full, &mut Vec::new(), &mut found);
    found
}

fn walk(node: &Node, path: &[PathStep], full: &Schema, at: &mut Location, found: &mut Vec<Location>) {
    match (node, path.first()) {
        (Node::List(items), step) => {
            let rest = if step == Some(&PathStep::Items) { &path[1..] } else { path };
            for (index, item) in items.iter().enumerate() {
                at.push(PathSegment::Index(index));
                walk(item, rest, full, at, found);
                at.pop();
            }
        }
        (Node::Object(_), None) => found.push(at.clone()),
        (Node::Object(object), Some(PathStep::Key(key))) => {
            if let Some(inner) = object.get(key) {
                at.push(PathSegment::Key(key.clone()));
                walk(inner, &path[1..], full, at, found);
                at.pop();
            }
        }
        (Node::Object(object), Some(PathStep::Types(types))) => {
            let fits = |name: &str| types.iter().any(|condition| full.satisfies(name, condition));
            if object.typename().is_none_or(fits) {
                walk(node, &path[1..], full, at, found);
            }
        }
        _ => {}
    }
}

pub(super) fn get<'a>(root: &'a Node, location: &[PathSegment]) -> Option<&'a Node> {
    location.iter().try_fold(root, |node, segment| match (node, segment) {
        (Node::Object(object), PathSegment::Key(key)) => object.get(key),
        (Node::List(items), PathSegment::Index(index)) => items.get(*index),
        _ => None,
    })
}

pub(super) fn get_mut<'a>(root: &'a mut Node, location: &[PathSegment]) -> Option<&'a mut Node> {
    location.iter().try_fold(root, |node, segment| match (node, segment) {
        (Node::Object(object), PathSegment::Key(key)) => object.get_mut(key),
        (Node::List(items), PathSegment::Index(index)) => items.get_mut(*index),
        _ => None,
    })
}

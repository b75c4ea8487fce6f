//! From a path of a plan to the objects of the response tree that it means.

use crate::{
    error::PathSegment,
    plan::{PathStep, Plan, Step},
    tree::{Node, ROOT, Tree},
};

/// Keys and indices from the root of the tree.
pub(super) type Location = Vec<PathSegment>;

/// Every object at a step's path once, in the order of the lists on the way.
pub(super) fn locate(tree: &Tree, step: &Step, plan: &Plan) -> Vec<u32> {
    let (mut objects, mut layout) = (vec![ROOT], 0);
    for part in &step.path {
        match part {
            PathStep::Types(fits) => {
                let typename = plan.layouts[layout].typename;
                objects.retain(|object| tree.type_of(*object, typename).is_none_or(|of| fits.contains(of)));
            }
            PathStep::Key { slot, .. } => {
                let Some(inner) = plan.layouts[layout].slots[*slot].inner else { return Vec::new() };
                let mut below = Vec::with_capacity(objects.len());
                for object in objects {
                    objects_of(tree, tree.slot(object, *slot), &mut below);
                }
                (objects, layout) = (below, inner);
            }
        }
    }
    if tree.shared {
        // An object without slots may begin where the nodes end.
        let mut met = vec![false; tree.node_count() + 1];
        objects.retain(|object| !std::mem::replace(&mut met[*object as usize], true));
    }
    objects
}

fn objects_of(tree: &Tree, node: Node, found: &mut Vec<u32>) {
    match node {
        Node::Object(object) => found.push(object),
        Node::List { start, length } => {
            let items = tree.items(start, length);
            found.reserve(items.len());
            for item in items {
                objects_of(tree, *item, found);
            }
        }
        Node::Missing | Node::Null | Node::Leaf(_) | Node::Type(_) => {}
    }
}

/// Every place at a step's path, with its object.
pub(super) fn places(tree: &Tree, step: &Step, plan: &Plan) -> Vec<(u32, Location)> {
    let mut walk = Walk { tree, plan, found: Vec::new() };
    walk.node(Node::Object(ROOT), &step.path, 0, &mut Vec::new());
    walk.found
}

#[derive(Clone, Copy)]
enum Place<'a> {
    Key(&'a crate::operation::Name),
    Index(usize),
}

impl Place<'_> {
    fn segment(&self) -> PathSegment {
        match self {
            Self::Key(key) => PathSegment::Key((*key).clone()),
            Self::Index(index) => PathSegment::Index(*index),
        }
    }
}

struct Walk<'a> {
    tree: &'a Tree,
    plan: &'a Plan,
    found: Vec<(u32, Location)>,
}

impl<'a> Walk<'a> {
    fn node(&mut self, node: Node, path: &'a [PathStep], layout: usize, at: &mut Vec<Place<'a>>) {
        match node {
            Node::List { start, length } => {
                for (index, item) in self.tree.items(start, length).iter().enumerate() {
                    at.push(Place::Index(index));
                    self.node(*item, path, layout, at);
                    at.pop();
                }
            }
            Node::Object(object) => self.object(object, path, layout, at),
            Node::Missing | Node::Null | Node::Leaf(_) | Node::Type(_) => {}
        }
    }

    fn object(&mut self, object: u32, path: &'a [PathStep], layout: usize, at: &mut Vec<Place<'a>>) {
        match path.split_first() {
            None => self.found.push((object, at.iter().map(Place::segment).collect())),
            Some((PathStep::Types(fits), rest)) => {
                let of = self.tree.type_of(object, self.plan.layouts[layout].typename);
                if of.is_none_or(|of| fits.contains(of)) {
                    self.object(object, rest, layout, at);
                }
            }
            Some((PathStep::Key { slot, key }, rest)) => {
                let Some(inner) = self.plan.layouts[layout].slots[*slot].inner else { return };
                at.push(Place::Key(key));
                self.node(self.tree.slot(object, *slot), rest, inner, at);
                at.pop();
            }
        }
    }
}

use crate::{
    plan::{Rewrite, RewriteStep},
    schema::Schema,
    tree::{Node, Object},
};

/// Applies a rewrite wherever its path leads; lists on the way are walked.
pub(super) fn apply(rewrite: &Rewrite, node: &mut Node, full: &Schema) {
    match rewrite {
        Rewrite::Set { path, value } => {
            at(node, path, full, &mut |node| *node = Node::from_name(value));
        }
        Rewrite::Rename { path, to } => {
            let Some((RewriteStep::Key(from), parent)) = path.split_last() else {
                return;
            };
            at(node, parent, full, &mut |node| {
                each_object(node, &mut |object| {
                    if let Some(value) = object.remove(from) {
                        object.insert(to.clone(), value);
                    }
                });
            });
        }
    }
}

fn at(node: &mut Node, path: &[RewriteStep], full: &Schema, change: &mut dyn FnMut(&mut Node)) {
    let Some((step, rest)) = path.split_first() else {
        return change(node);
    };
    each_object(node, &mut |object| match step {
        RewriteStep::Key(key) => {
            if let Some(inner) = object.get_mut(key) {
                at(inner, rest, full, change);
            }
        }
        RewriteStep::Types(types) => {
            let fits = |name: &str| types.iter().any(|condition| full.satisfies(name, condition));
            if object.typename().is_none_or(fits) {
                let mut inner = Node::Object(std::mem::take(object));
                at(&mut inner, rest, full, change);
                if let Node::Object(inner) = inner {
                    *object = inner;
                }
            }
        }
    });
}

fn each_object(node: &mut Node, visit: &mut dyn FnMut(&mut Object)) {
    match node {
        Node::Object(object) => visit(object),
        Node::List(items) => items.iter_mut().for_each(|item| each_object(item, visit)),
        Node::Null | Node::Leaf(_) => {}
    }
}

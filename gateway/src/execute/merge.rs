use crate::{
    plan::{Plan, ShapeField, Slot},
    schema::Schema,
    tree::{Node, Tree},
};

/// Adds answers to what is known of objects. Two fetches of one field agree, or one of them failed: so null never
/// replaces a value.
pub(super) struct Merge<'a> {
    pub(super) plan: &'a Plan,
    pub(super) full: &'a Schema,
    /// Whether the answer goes to several objects, which then share what no other step changes.
    pub(super) copies: bool,
}

impl Merge<'_> {
    /// Copies to others what has been read into the `fields` of one, for which they have nothing yet.
    pub(super) fn copy_to_all(&self, tree: &mut Tree, layout: usize, one: u32, others: &[u32], fields: &[ShapeField]) {
        for ShapeField { slot, .. } in fields {
            let node = tree.slot(one, *slot);
            for other in others {
                let node = self.own(tree, &self.plan.layouts[layout].slots[*slot], node);
                tree.set(*other, *slot, node);
            }
        }
    }

    /// Both objects are of one layout.
    pub(super) fn objects(&self, tree: &mut Tree, layout: usize, known: u32, answer: u32) {
        for (position, slot) in self.plan.layouts[layout].slots.iter().enumerate() {
            match (tree.slot(known, position), tree.slot(answer, position)) {
                (_, Node::Missing) => {}
                (Node::Missing | Node::Null, node) => {
                    let node = self.own(tree, slot, node);
                    tree.set(known, position, node);
                }
                // A subgraph with an `@interfaceObject` knows only the interface; what is known better stays.
                (Node::Type(of), _) if self.full.is_object_id(of) => {}
                (old, new) => {
                    if let Some(merged) = self.nodes(tree, slot.inner, old, new) {
                        let merged = self.own(tree, slot, merged);
                        tree.set(known, position, merged);
                    }
                }
            }
        }
    }

    /// What replaces `known`, if it is not changed in place.
    fn nodes(&self, tree: &mut Tree, layout: Option<usize>, known: Node, answer: Node) -> Option<Node> {
        match (known, answer, layout) {
            (_, Node::Missing | Node::Null, _) => None,
            (Node::Object(known), Node::Object(answer), Some(layout)) => {
                self.objects(tree, layout, known, answer);
                None
            }
            (Node::List { start, length }, Node::List { start: other, length: others }, Some(_))
                if length == others =>
            {
                for index in 0..length {
                    let (known, answer) = (tree.slot(start, index as usize), tree.slot(other, index as usize));
                    if let Some(merged) = self.nodes(tree, layout, known, answer) {
                        tree.set(start, index as usize, merged);
                    }
                }
                None
            }
            (_, answer, _) => Some(answer),
        }
    }

    /// What one object gets of it where several get it.
    fn own(&self, tree: &mut Tree, slot: &Slot, node: Node) -> Node {
        match slot.inner {
            Some(inner) if self.copies && slot.writers.len() > 1 => self.copy(tree, inner, node),
            _ => node,
        }
    }

    fn copy(&self, tree: &mut Tree, layout: usize, node: Node) -> Node {
        match node {
            Node::Object(object) => {
                let slots = &self.plan.layouts[layout].slots;
                let copied = tree.object(slots.len());
                for (position, slot) in slots.iter().enumerate() {
                    let node = tree.slot(object, position);
                    let node = slot.inner.map_or(node, |inner| self.copy(tree, inner, node));
                    tree.set(copied, position, node);
                }
                Node::Object(copied)
            }
            Node::List { start, length } => {
                let mut items: Vec<Node> = tree.items(start, length).to_vec();
                for item in &mut items {
                    *item = self.copy(tree, layout, *item);
                }
                tree.list(&mut items, 0)
            }
            Node::Missing | Node::Null | Node::Leaf(_) | Node::Type(_) => node,
        }
    }
}

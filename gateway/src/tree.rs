//! Response data between subgraphs and client: objects have one slot for each key of their layout, leaves stay the JSON
//! that a subgraph sent, and nothing is copied out of the answers.

use crate::{json::Checked, schema::TypeId};

/// All data of one response. Objects refer to each other by position, so one that is met twice can be held once.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    bodies: Vec<Checked>,
    /// Whether an object can be met at several places.
    pub(crate) shared: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Node {
    /// No answer has had this key.
    Missing,
    Null,
    Leaf(Text),
    /// The value of `__typename`.
    Type(TypeId),
    List {
        start: u32,
        length: u32,
    },
    /// Its slots begin here.
    Object(u32),
}

/// A part of one of the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) body: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// The object at the root of the response.
pub(crate) const ROOT: u32 = 0;

impl Tree {
    /// A tree whose root has `slots`, all of them missing, with place for `nodes`.
    pub(crate) fn new(slots: usize, nodes: usize) -> Self {
        let mut tree = Self { nodes: Vec::with_capacity(nodes), ..Self::default() };
        tree.object(slots);
        tree
    }

    pub(crate) fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Positions are kept in 32 bits. An answer has at most as many values as bytes, and its bytes are bounded.
    fn position(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }

    /// A new object, all of whose slots are missing.
    pub(crate) fn object(&mut self, slots: usize) -> u32 {
        let start = self.position();
        self.nodes.resize(self.nodes.len() + slots, Node::Missing);
        start
    }

    /// A new list of the items that `items` ends with, from `mark` on.
    pub(crate) fn list(&mut self, items: &mut Vec<Node>, mark: usize) -> Node {
        let start = self.position();
        self.nodes.extend(items.drain(mark..));
        Node::List { start, length: self.position() - start }
    }

    pub(crate) fn slot(&self, object: u32, slot: usize) -> Node {
        self.nodes.get(object as usize + slot).copied().unwrap_or(Node::Missing)
    }

    pub(crate) fn set(&mut self, object: u32, slot: usize, node: Node) {
        if let Some(known) = self.nodes.get_mut(object as usize + slot) {
            *known = node;
        }
    }

    pub(crate) fn items(&self, start: u32, length: u32) -> &[Node] {
        self.nodes.get(start as usize..).and_then(|nodes| nodes.get(..length as usize)).unwrap_or_default()
    }

    /// The number that stands for an answer in [`Text`].
    pub(crate) fn keep(&mut self, body: &Checked) -> u32 {
        let same = |known: &Checked| std::ptr::eq(&*known.text, &*body.text);
        let position = self.bodies.iter().rposition(same).unwrap_or_else(|| {
            self.bodies.push(body.clone());
            self.bodies.len() - 1
        });
        u32::try_from(position).unwrap_or(u32::MAX)
    }

    pub(crate) fn text(&self, text: Text) -> &[u8] {
        let body = self.bodies.get(text.body as usize).map(|body| &*body.text);
        body.and_then(|body: &[u8]| body.get(text.start as usize..text.end as usize)).unwrap_or_default()
    }

    /// The answer that [`Text::body`] stands for.
    pub(crate) fn body(&self, body: u32) -> Checked {
        self.bodies.get(body as usize).cloned().unwrap_or_default()
    }

    /// The type of an object, where a subgraph has said it.
    pub(crate) fn type_of(&self, object: u32, typename: Option<usize>) -> Option<TypeId> {
        match self.slot(object, typename?) {
            Node::Type(of) => Some(of),
            _ => None,
        }
    }
}

//! Response data between subgraphs and client: objects and lists are built, leaves stay the JSON that a subgraph sent.

use bytes::Bytes;

use crate::operation::{Name, TYPENAME};

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Node {
    #[default]
    Null,
    /// JSON text of whatever stands for a leaf: a scalar, an enum value, or a list of them.
    Leaf(Bytes),
    List(Vec<Node>),
    Object(Object),
}

/// Members in the order in which they came. Objects are small, so looking up a key is a walk.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Object(Vec<(Name, Node)>);

impl Node {
    /// A leaf that is a string without escapes, which type names and enum values are.
    pub(crate) fn string(&self) -> Option<&str> {
        match self {
            Self::Leaf(json) => {
                std::str::from_utf8(json).ok()?.strip_prefix('"')?.strip_suffix('"').filter(|text| !text.contains('\\'))
            }
            _ => None,
        }
    }

    /// The leaf of a text that needs no escapes.
    pub(crate) fn from_name(name: &str) -> Self {
        Self::Leaf(Bytes::from(format!("\"{name}\"")))
    }
}

impl Object {
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.0.iter().find_map(|(known, node)| (**known == *key).then_some(node))
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.0.iter_mut().find_map(|(known, node)| (**known == *key).then_some(node))
    }

    /// Replaces the value of a key that is there already.
    pub(crate) fn insert(&mut self, key: Name, node: Node) {
        match self.get_mut(&key) {
            Some(known) => *known = node,
            None => self.0.push((key, node)),
        }
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<Node> {
        let position = self.0.iter().position(|(known, _)| **known == *key)?;
        Some(self.0.remove(position).1)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(Name, Node)> {
        self.0.iter()
    }

    pub(crate) fn typename(&self) -> Option<&str> {
        self.get(TYPENAME)?.string()
    }
}

impl IntoIterator for Object {
    type Item = (Name, Node);
    type IntoIter = std::vec::IntoIter<(Name, Node)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// JSON text of a node, keys in stored order.
pub(crate) fn write(node: &Node, out: &mut Vec<u8>) {
    match node {
        Node::Null => out.extend_from_slice(b"null"),
        Node::Leaf(json) => out.extend_from_slice(json),
        Node::List(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        Node::Object(object) => {
            out.push(b'{');
            for (index, (key, node)) in object.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_key(key, out);
                write(node, out);
            }
            out.push(b'}');
        }
    }
}

/// Response keys are GraphQL names, which need no escapes in JSON.
pub(crate) fn write_key(key: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
}

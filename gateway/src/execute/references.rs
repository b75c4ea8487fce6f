//! References (`representations`) of the objects at a path, equal ones once.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;

use super::known;
use crate::{
    operation::Name,
    plan::{Lookup, Part, Template},
    schema::{Schema, TypeId},
    tree::{Node, Text, Tree},
};

#[derive(Debug, Default)]
pub(super) struct References {
    json: Vec<Bytes>,
    /// For each reference the objects that it stands for.
    targets: Vec<Vec<u32>>,
    by_json: HashMap<Bytes, usize>,
}

impl References {
    /// Leaves out an object of another type, and one whose inputs are not there because an earlier fetch failed.
    pub(super) fn add(&mut self, tree: &Tree, target: u32, lookup: &Lookup, full: &Schema) {
        let mut made = Made { tree, full, members: Vec::new() };
        if !made.object(target, &lookup.template, &lookup.renamed) {
            return;
        }
        // One that names only its type may stand for another object each time.
        let identifies = made.members.iter().any(|(key, _)| *key != TYPENAME);
        let json = made.json();
        match self.by_json.get(json.as_slice()) {
            Some(position) if identifies => self.targets[*position].push(target),
            _ => {
                let json = Bytes::from(json);
                self.by_json.insert(json.clone(), self.json.len());
                self.json.push(json);
                self.targets.push(vec![target]);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.json.is_empty()
    }

    pub(super) fn all(&self) -> &[Bytes] {
        &self.json
    }

    pub(super) fn json(&self, reference: usize) -> &[u8] {
        &self.json[reference]
    }

    pub(super) fn targets(&self, reference: usize) -> &[u32] {
        &self.targets[reference]
    }

    /// Takes out the references whose answers are known, with the answers.
    pub(super) fn take_known(&mut self, known: &known::References) -> Vec<(Text, Vec<u32>)> {
        let mut taken = Vec::new();
        let (mut json, mut targets) = (Vec::new(), Vec::new());
        for (reference, objects) in self.json.drain(..).zip(self.targets.drain(..)) {
            match known.get(&*reference) {
                Some(text) => taken.push((*text, objects)),
                None => {
                    json.push(reference);
                    targets.push(objects);
                }
            }
        }
        (self.json, self.targets) = (json, targets);
        taken
    }
}

/// The reference of one object; `None` where it has none.
pub(super) fn of(
    tree: &Tree,
    object: u32,
    template: &Template,
    renamed: &[(HashSet<TypeId>, Name)],
    full: &Schema,
) -> Option<Vec<u8>> {
    let mut made = Made { tree, full, members: Vec::new() };
    made.object(object, template, renamed).then(|| made.json())
}

const TYPENAME: &[u8] = b"\"__typename\":";

/// A reference that is being made: JSON of its members, by `"key":`.
struct Made<'a> {
    tree: &'a Tree,
    full: &'a Schema,
    members: Vec<(&'a [u8], Vec<u8>)>,
}

impl<'a> Made<'a> {
    /// False where there is nothing to identify the object by.
    fn object(&mut self, object: u32, template: &'a Template, renamed: &'a [(HashSet<TypeId>, Name)]) -> bool {
        if !self.parts(object, template) || self.members.is_empty() {
            return false;
        }
        let of = template.iter().find_map(|part| match part {
            Part::Fragment { typename, .. } | Part::Typename(typename) => self.tree.type_of(object, *typename),
            Part::Field { .. } => None,
        });
        let name = renamed.iter().find(|(fits, _)| of.is_none_or(|of| fits.contains(&of))).map(|(_, name)| name);
        if let (Some(name), Some((_, json))) = (name, self.members.iter_mut().find(|(key, _)| *key == TYPENAME)) {
            *json = format!("\"{name}\"").into_bytes();
        }
        true
    }

    /// False where a required value has never been fetched. A value that was fetched and is null is sent as null.
    fn parts(&mut self, object: u32, template: &'a Template) -> bool {
        template.iter().all(|part| match part {
            Part::Typename(typename) => {
                if let Some(name) = self.tree.type_of(object, *typename).and_then(|of| self.full.name_of(of)) {
                    self.insert(TYPENAME, format!("\"{name}\"").into_bytes());
                }
                true
            }
            Part::Fragment { fits, typename, name, inner } => {
                if self.tree.type_of(object, *typename).is_some_and(|of| !fits.contains(&of)) {
                    return true;
                }
                let before = self.members.iter().any(|(key, _)| *key == TYPENAME);
                let complete = self.parts(object, inner);
                if complete && !before && !self.members.iter().any(|(key, _)| *key == TYPENAME) {
                    self.members.insert(0, (TYPENAME, name.to_vec()));
                }
                complete
            }
            Part::Field { slots, key, inner } => {
                let mut json = Vec::new();
                let written = self.tree_value(object, slots, inner, &mut json);
                if written {
                    self.insert(key, json);
                }
                written
            }
        })
    }

    fn tree_value(&self, object: u32, slots: &[Option<usize>; 2], inner: &'a Template, out: &mut Vec<u8>) -> bool {
        let nodes = slots.iter().flatten().map(|slot| self.tree.slot(object, *slot));
        match nodes.into_iter().find(|node| *node != Node::Missing) {
            Some(node) => self.value(node, inner, out),
            None => false,
        }
    }

    fn value(&self, node: Node, inner: &'a Template, out: &mut Vec<u8>) -> bool {
        match node {
            Node::Missing | Node::Null => out.extend_from_slice(b"null"),
            Node::Leaf(text) => out.extend_from_slice(self.tree.text(text)),
            Node::Type(of) => {
                out.extend_from_slice(format!("\"{}\"", self.full.name_of(of).unwrap_or_default()).as_bytes())
            }
            Node::List { start, length } => {
                out.push(b'[');
                for (index, item) in self.tree.items(start, length).iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    if !self.value(*item, inner, out) {
                        return false;
                    }
                }
                out.push(b']');
            }
            Node::Object(object) => {
                let mut made = Made { tree: self.tree, full: self.full, members: Vec::new() };
                if !made.parts(object, inner) {
                    return false;
                }
                out.extend_from_slice(&made.json());
            }
        }
        true
    }

    fn insert(&mut self, key: &'a [u8], json: Vec<u8>) {
        match self.members.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = json,
            None => self.members.push((key, json)),
        }
    }

    fn json(&self) -> Vec<u8> {
        let mut json = Vec::with_capacity(64);
        json.push(b'{');
        for (index, (key, value)) in self.members.iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            json.extend_from_slice(key);
            json.extend_from_slice(value);
        }
        json.push(b'}');
        json
    }
}

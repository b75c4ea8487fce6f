//! References (`representations`) of the objects at a path, equal ones once.

use std::{collections::HashMap, ops::Range};

use ahash::RandomState;
use bytes::Bytes;

use super::known;
use crate::{
    operation::Name,
    plan::{Lookup, Part, Template},
    schema::{Schema, TypeSet},
    tree::{Node, Text, Tree},
};

#[derive(Debug, Default)]
pub(super) struct References {
    json: Vec<Bytes>,
    /// For each reference the objects that it stands for.
    targets: Vec<Vec<u32>>,
}

impl References {
    /// Leaves out an object of another type, and one whose inputs are not there because an earlier fetch failed.
    pub(super) fn of(tree: &Tree, targets: &[u32], lookup: &Lookup, full: &Schema) -> Self {
        let mut references = Self::default();
        let mut known: HashMap<Bytes, usize, RandomState> = HashMap::default();
        let mut made = Made::new(tree, full);
        let mut json = Vec::new();
        for target in targets {
            if !made.object(*target, &lookup.template, &lookup.renamed) {
                continue;
            }
            made.write(&mut json);
            // One that names only its type may stand for another object each time.
            let identifies = made.members.iter().any(|(key, _)| *key != TYPENAME);
            match known.get(json.as_slice()) {
                Some(position) if identifies => references.targets[*position].push(*target),
                _ => {
                    let json = Bytes::copy_from_slice(&json);
                    known.insert(json.clone(), references.json.len());
                    references.json.push(json);
                    references.targets.push(vec![*target]);
                }
            }
        }
        references
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
    renamed: &[(TypeSet, Name)],
    full: &Schema,
) -> Option<Vec<u8>> {
    let mut made = Made::new(tree, full);
    let mut json = Vec::new();
    made.object(object, template, renamed).then(|| made.write(&mut json))?;
    Some(json)
}

const TYPENAME: &[u8] = b"\"__typename\":";

/// A reference that is being made, or an object in one.
struct Made<'a> {
    tree: &'a Tree,
    full: &'a Schema,
    /// By `"key":` where in `values` the JSON is.
    members: Vec<(&'a [u8], Range<usize>)>,
    values: Vec<u8>,
}

impl<'a> Made<'a> {
    fn new(tree: &'a Tree, full: &'a Schema) -> Self {
        Self { tree, full, members: Vec::new(), values: Vec::new() }
    }

    /// False where there is nothing to identify the object by.
    fn object(&mut self, object: u32, template: &'a Template, renamed: &'a [(TypeSet, Name)]) -> bool {
        self.members.clear();
        self.values.clear();
        if !self.parts(object, template) || self.members.is_empty() {
            return false;
        }
        if !renamed.is_empty() && self.has(TYPENAME) {
            self.rename(object, template, renamed);
        }
        true
    }

    fn rename(&mut self, object: u32, template: &'a Template, renamed: &'a [(TypeSet, Name)]) {
        let of = template.iter().find_map(|part| match part {
            Part::Fragment { typename, .. } | Part::Typename(typename) => self.tree.type_of(object, *typename),
            Part::Field { .. } => None,
        });
        if let Some((_, name)) = renamed.iter().find(|(fits, _)| of.is_none_or(|of| fits.contains(of))) {
            let start = self.values.len();
            self.name(name);
            self.insert(TYPENAME, start);
        }
    }

    /// False where a required value has never been fetched. A value that was fetched and is null is sent as null.
    fn parts(&mut self, object: u32, template: &'a Template) -> bool {
        template.iter().all(|part| match part {
            Part::Typename(typename) => {
                if let Some(name) = self.tree.type_of(object, *typename).and_then(|of| self.full.name_of(of)) {
                    let start = self.values.len();
                    self.name(name);
                    self.insert(TYPENAME, start);
                }
                true
            }
            Part::Fragment { fits, typename, name, inner } => {
                if self.tree.type_of(object, *typename).is_some_and(|of| !fits.contains(of)) {
                    return true;
                }
                let before = self.has(TYPENAME);
                let complete = self.parts(object, inner);
                if complete && !before && !self.has(TYPENAME) {
                    let start = self.values.len();
                    self.values.extend_from_slice(name);
                    self.members.insert(0, (TYPENAME, start..self.values.len()));
                }
                complete
            }
            Part::Field { slots, key, inner } => {
                let nodes = slots.iter().flatten().map(|slot| self.tree.slot(object, *slot));
                let Some(node) = nodes.into_iter().find(|node| *node != Node::Missing) else { return false };
                let start = self.values.len();
                let complete = self.value(node, inner);
                self.insert(key, start);
                complete
            }
        })
    }

    fn value(&mut self, node: Node, inner: &'a Template) -> bool {
        match node {
            Node::Missing | Node::Null => self.values.extend_from_slice(b"null"),
            Node::Leaf(text) => self.values.extend_from_slice(self.tree.text(text)),
            Node::Type(of) => self.name(self.full.name_of(of).unwrap_or_default()),
            Node::List { start, length } => {
                self.values.push(b'[');
                for (index, item) in self.tree.items(start, length).iter().enumerate() {
                    if index > 0 {
                        self.values.push(b',');
                    }
                    if !self.value(*item, inner) {
                        return false;
                    }
                }
                self.values.push(b']');
            }
            Node::Object(object) => {
                let mut made = Self::new(self.tree, self.full);
                if !made.parts(object, inner) {
                    return false;
                }
                made.append(&mut self.values);
            }
        }
        true
    }

    fn name(&mut self, name: &str) {
        self.values.push(b'"');
        self.values.extend_from_slice(name.as_bytes());
        self.values.push(b'"');
    }

    fn has(&self, key: &[u8]) -> bool {
        self.members.iter().any(|(known, _)| *known == key)
    }

    /// The value is what `values` has from `start` on.
    fn insert(&mut self, key: &'a [u8], start: usize) {
        let value = start..self.values.len();
        match self.members.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => self.members.push((key, value)),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.clear();
        self.append(out);
    }

    fn append(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (index, (key, value)) in self.members.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(key);
            out.extend_from_slice(&self.values[value.clone()]);
        }
        out.push(b'}');
    }
}

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
    /// Parts of one text.
    json: Vec<Bytes>,
    /// The objects that the references stand for, reference by reference.
    targets: Vec<u32>,
    /// Where in `targets` those of each reference end.
    ends: Vec<usize>,
}

impl References {
    /// Leaves out an object of another type, and one whose inputs are not there because an earlier fetch failed.
    pub(super) fn of(tree: &Tree, targets: &[u32], lookup: &Lookup, full: &Schema) -> Self {
        let mut maker = Maker::new(tree, full);
        let mut text = Vec::new();
        let mut made = Vec::with_capacity(targets.len());
        for target in targets {
            let start = text.len();
            if let Some(identifies) = maker.write(*target, &lookup.template, &lookup.renamed, &mut text) {
                made.push((*target, start..text.len(), identifies));
            }
        }
        Self::unite(&Bytes::from(text), &made)
    }

    /// Of objects with the places of their references in `text`, and whether those tell an object from others: one that
    /// names only a type may stand for another object each time.
    fn unite(text: &Bytes, made: &[(u32, Range<usize>, bool)]) -> Self {
        let mut known: HashMap<&[u8], usize, RandomState> =
            HashMap::with_capacity_and_hasher(made.len(), RandomState::new());
        let (mut json, mut counts, mut positions) = (Vec::new(), Vec::new(), Vec::with_capacity(made.len()));
        for (_, place, identifies) in made {
            let position = *known.entry(&text[place.clone()]).or_insert(json.len());
            let position = if *identifies { position } else { json.len() };
            if position == json.len() {
                json.push(text.slice(place.clone()));
                counts.push(0);
            }
            counts[position] += 1;
            positions.push(position);
        }
        let mut next: Vec<usize> =
            counts.iter().scan(0, |sum, count| Some(std::mem::replace(sum, *sum + count))).collect();
        let mut targets = vec![0; made.len()];
        for ((target, ..), position) in made.iter().zip(positions) {
            targets[next[position]] = *target;
            next[position] += 1;
        }
        Self { json, targets, ends: next }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.json.is_empty()
    }

    pub(super) fn all(&self) -> &[Bytes] {
        &self.json
    }

    pub(super) fn targets(&self, reference: usize) -> &[u32] {
        let start = reference.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.targets[start..self.ends[reference]]
    }

    /// Takes out the references whose answers are known, with the answers.
    pub(super) fn take_known(&mut self, known: &known::References) -> Vec<(Text, Vec<u32>)> {
        let mut taken = Vec::new();
        let mut kept = Self::default();
        for (reference, json) in self.json.iter().enumerate() {
            let targets = self.targets(reference);
            match known.get(json) {
                Some(text) => taken.push((*text, targets.to_vec())),
                None => {
                    kept.json.push(json.clone());
                    kept.targets.extend_from_slice(targets);
                    kept.ends.push(kept.targets.len());
                }
            }
        }
        *self = kept;
        taken
    }
}

const TYPENAME: &[u8] = b"\"__typename\":";

/// Makes references, one after the other, and the objects in them.
pub(super) struct Maker<'a> {
    tree: &'a Tree,
    full: &'a Schema,
    /// By `"key":` where in `values` the JSON is.
    members: Vec<(&'a [u8], Range<usize>)>,
    values: Vec<u8>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(tree: &'a Tree, full: &'a Schema) -> Self {
        Self { tree, full, members: Vec::new(), values: Vec::new() }
    }

    /// Appends the reference of an object, and says whether it has more than a type; `None` where there is nothing to
    /// identify the object by.
    pub(super) fn write(
        &mut self,
        object: u32,
        template: &'a Template,
        renamed: &'a [(TypeSet, Name)],
        out: &mut Vec<u8>,
    ) -> Option<bool> {
        self.members.clear();
        self.values.clear();
        if !self.parts(object, template) || self.members.is_empty() {
            return None;
        }
        if !renamed.is_empty() && self.has(TYPENAME) {
            self.rename(object, template, renamed);
        }
        self.append(out);
        Some(self.members.iter().any(|(key, _)| *key != TYPENAME))
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

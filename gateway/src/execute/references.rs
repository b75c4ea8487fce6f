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
    /// Of the members that are written already.
    keys: Vec<&'a [u8]>,
    /// What stands in place of the type's own name.
    renamed: Option<&'a Name>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(tree: &'a Tree, full: &'a Schema) -> Self {
        Self { tree, full, keys: Vec::new(), renamed: None }
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
        self.renamed = if renamed.is_empty() { None } else { self.renamed(object, template, renamed) };
        let start = out.len();
        if !self.object(object, template, out) || self.keys.is_empty() {
            out.truncate(start);
            return None;
        }
        Some(self.keys.iter().any(|key| *key != TYPENAME))
    }

    fn renamed(&self, object: u32, template: &Template, renamed: &'a [(TypeSet, Name)]) -> Option<&'a Name> {
        let of = template.iter().find_map(|part| match part {
            Part::Fragment { typename, .. } | Part::Typename(typename) => self.tree.type_of(object, *typename),
            Part::Field { .. } => None,
        });
        renamed.iter().find(|(fits, _)| of.is_none_or(|of| fits.contains(of))).map(|(_, name)| name)
    }

    fn object(&mut self, object: u32, template: &'a Template, out: &mut Vec<u8>) -> bool {
        self.keys.clear();
        out.push(b'{');
        let complete = self.parts(object, template, out);
        out.push(b'}');
        complete
    }

    /// False where a required value has never been fetched. A value that was fetched and is null is sent as null.
    fn parts(&mut self, object: u32, template: &'a Template, out: &mut Vec<u8>) -> bool {
        template.iter().all(|part| match part {
            Part::Typename(typename) => {
                if let Some(name) = self.type_name(object, *typename) {
                    self.typename(name, out);
                }
                true
            }
            Part::Fragment { fits, typename, name, inner } => {
                if self.tree.type_of(object, *typename).is_some_and(|of| !fits.contains(of)) {
                    return true;
                }
                let own = inner.iter().find_map(|part| match part {
                    Part::Typename(typename) => self.type_name(object, *typename),
                    Part::Field { .. } | Part::Fragment { .. } => None,
                });
                self.typename(own.unwrap_or(name), out);
                self.parts(object, inner, out)
            }
            Part::Field { slots, key, inner } => {
                let nodes = slots.iter().flatten().map(|slot| self.tree.slot(object, *slot));
                let Some(node) = nodes.into_iter().find(|node| *node != Node::Missing) else { return false };
                !self.member(key, out) || self.value(node, inner, out)
            }
        })
    }

    fn type_name(&self, object: u32, typename: Option<usize>) -> Option<&'a str> {
        self.full.name_of(self.tree.type_of(object, typename)?)
    }

    fn typename(&mut self, own: &str, out: &mut Vec<u8>) {
        if self.member(TYPENAME, out) {
            let name = self.renamed.map_or(own, |name| name);
            out.push(b'"');
            out.extend_from_slice(name.as_bytes());
            out.push(b'"');
        }
    }

    /// Begins a member, unless there is one of this key.
    fn member(&mut self, key: &'a [u8], out: &mut Vec<u8>) -> bool {
        if self.keys.contains(&key) {
            return false;
        }
        if !self.keys.is_empty() {
            out.push(b',');
        }
        self.keys.push(key);
        out.extend_from_slice(key);
        true
    }

    fn value(&self, node: Node, inner: &'a Template, out: &mut Vec<u8>) -> bool {
        match node {
            Node::Missing | Node::Null => out.extend_from_slice(b"null"),
            Node::Leaf(text) => out.extend_from_slice(self.tree.text(text)),
            Node::Type(of) => {
                out.push(b'"');
                out.extend_from_slice(self.full.name_of(of).unwrap_or_default().as_bytes());
                out.push(b'"');
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
            Node::Object(object) => return Self::new(self.tree, self.full).object(object, inner, out),
        }
        true
    }
}

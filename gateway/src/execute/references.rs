//! References (`representations`) of the objects at a path, equal ones once.

use std::{collections::HashMap, ops::Range};

use ahash::RandomState;
use bytes::Bytes;

use super::known;
use crate::{
    operation::Name,
    plan::{Lookup, Part, Template},
    schema::{Schema, TypeId, TypeSet},
    tree::{Node, Text, Tree},
};

/// Few references are longer.
const USUAL_BYTES: usize = 64;

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
        let mut maker = Maker::new(tree, full, &lookup.template, &lookup.renamed);
        let mut text = Vec::with_capacity(targets.len() * USUAL_BYTES);
        let mut made = Vec::with_capacity(targets.len());
        for target in targets {
            let start = text.len();
            if let Some(identifies) = maker.write(*target, &mut text) {
                made.push((*target, start..text.len(), identifies));
            }
        }
        Self::unite(&Bytes::from(text), &made)
    }

    /// Of objects with the places of their references in `text`, and whether those tell an object from others: one that
    /// names only a type may stand for another object each time.
    fn unite(text: &Bytes, made: &[(u32, Range<usize>, bool)]) -> Self {
        let most = made.len();
        let mut known: HashMap<&[u8], usize, RandomState> = HashMap::with_capacity_and_hasher(most, RandomState::new());
        let (mut json, mut counts, mut positions) =
            (Vec::with_capacity(most), Vec::with_capacity(most), Vec::with_capacity(most));
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

/// Makes references by one template, one after the other.
pub(super) struct Maker<'a> {
    tree: &'a Tree,
    full: &'a Schema,
    template: &'a Template,
    /// What a reference names in place of its own type.
    renamed: &'a [(TypeSet, Name)],
    /// Of the types met so far; `None` where no subgraph has said the type.
    forms: Vec<(Option<TypeId>, Form<'a>)>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(
        tree: &'a Tree,
        full: &'a Schema,
        template: &'a Template,
        renamed: &'a [(TypeSet, Name)],
    ) -> Self {
        Self { tree, full, template, renamed, forms: Vec::new() }
    }

    /// Appends the reference of an object, and says whether it has more than a type; `None` where there is nothing to
    /// identify the object by.
    pub(super) fn write(&mut self, object: u32, out: &mut Vec<u8>) -> Option<bool> {
        let of = self.tree.type_of(object, self.template.typename);
        let known = self.forms.iter().position(|(known, _)| *known == of);
        let form = known.unwrap_or_else(|| {
            let renamed = self.renamed.iter().find(|(fits, _)| of.is_none_or(|of| fits.contains(of)));
            let name = renamed.map(|(_, name)| &**name);
            self.forms.push((of, Form::new(self.template, self.full, of, name)));
            self.forms.len() - 1
        });
        let (_, form) = &self.forms[form];
        let start = out.len();
        if form.keys.is_empty() || !form.write(self.tree, self.full, object, out) {
            out.truncate(start);
            return None;
        }
        Some(!form.values.is_empty())
    }
}

/// How all objects of one type are written.
struct Form<'a> {
    keys: Vec<&'a [u8]>,
    values: Vec<Value<'a>>,
    /// What comes after the last value.
    text: Vec<u8>,
}

/// A value, and what is written before it.
struct Value<'a> {
    before: Vec<u8>,
    slots: &'a [Option<usize>],
    inner: &'a Template,
}

impl<'a> Form<'a> {
    fn new(template: &'a Template, full: &'a Schema, of: Option<TypeId>, renamed: Option<&str>) -> Self {
        let mut form = Self { keys: Vec::with_capacity(4), values: Vec::new(), text: Vec::with_capacity(USUAL_BYTES) };
        form.text.push(b'{');
        form.add(&template.parts, full, of, renamed);
        form.text.push(b'}');
        form
    }

    fn add(&mut self, parts: &'a [Part], full: &'a Schema, of: Option<TypeId>, renamed: Option<&str>) {
        let own = of.and_then(|of| full.name_of(of));
        for part in parts {
            match part {
                Part::Typename => own.into_iter().for_each(|own| self.typename(renamed.unwrap_or(own))),
                Part::Fragment { fits, name, inner } => {
                    if of.is_none_or(|of| fits.contains(of)) {
                        let own = own.filter(|_| inner.iter().any(|part| matches!(part, Part::Typename)));
                        self.typename(renamed.or(own).unwrap_or(name));
                        self.add(inner, full, of, renamed);
                    }
                }
                Part::Field { slots, key, inner } => {
                    if self.member(key) {
                        self.values.push(Value { before: std::mem::take(&mut self.text), slots, inner });
                    }
                }
            }
        }
    }

    fn typename(&mut self, name: &str) {
        if self.member(TYPENAME) {
            for part in [b"\"", name.as_bytes(), b"\""] {
                self.text.extend_from_slice(part);
            }
        }
    }

    /// Begins a member, unless there is one of this key.
    fn member(&mut self, key: &'a [u8]) -> bool {
        if self.keys.contains(&key) {
            return false;
        }
        if !self.keys.is_empty() {
            self.text.push(b',');
        }
        self.keys.push(key);
        self.text.extend_from_slice(key);
        true
    }

    /// False where a required value has never been fetched. A value that was fetched and is null is sent as null.
    fn write(&self, tree: &Tree, full: &Schema, object: u32, out: &mut Vec<u8>) -> bool {
        for Value { before, slots, inner } in &self.values {
            let nodes = slots.iter().flatten().map(|slot| tree.slot(object, *slot));
            let Some(node) = nodes.into_iter().find(|node| *node != Node::Missing) else { return false };
            out.extend_from_slice(before);
            if !write_value(tree, full, node, inner, out) {
                return false;
            }
        }
        out.extend_from_slice(&self.text);
        true
    }
}

fn write_value(tree: &Tree, full: &Schema, node: Node, inner: &Template, out: &mut Vec<u8>) -> bool {
    match node {
        Node::Missing | Node::Null => out.extend_from_slice(b"null"),
        Node::Leaf(text) => out.extend_from_slice(tree.text(text)),
        Node::Type(of) => {
            out.push(b'"');
            out.extend_from_slice(full.name_of(of).unwrap_or_default().as_bytes());
            out.push(b'"');
        }
        Node::List { start, length } => {
            out.push(b'[');
            for (index, item) in tree.items(start, length).iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                if !write_value(tree, full, *item, inner, out) {
                    return false;
                }
            }
            out.push(b']');
        }
        Node::Object(object) => {
            let of = tree.type_of(object, inner.typename);
            return Form::new(inner, full, of, None).write(tree, full, object, out);
        }
    }
    true
}

//! A subgraph's answer, read in one pass straight into the slots of the tree.

use super::merge::Merge;
use crate::{
    json::{self, Checked, Kind, Scanner},
    plan::{Holds, Plan, Shape, ShapeField, Step},
    schema::{Schema, TypeId},
    tree::{Node, Text, Tree},
};

/// Few answers have objects of more types.
const USUAL_TYPES: usize = 8;

/// Reads one answer, or parts of it.
pub(super) struct Reader<'a> {
    plan: &'a Plan,
    full: &'a Schema,
    tree: &'a mut Tree,
    scanner: Scanner<'a>,
    body: u32,
    /// Of the answer, and the first of them that the scanner has not passed.
    strings: &'a [u32],
    next_string: usize,
    /// Items of lists that are being read.
    items: Vec<Node>,
    /// Names, as JSON, of the first types met.
    types: Vec<(&'a [u8], TypeId)>,
    remembered: Vec<Remembered>,
}

/// An object that may spare a reference.
pub(super) struct Remembered {
    pub(super) shape: usize,
    pub(super) object: u32,
    pub(super) text: Text,
}

impl<'a> Reader<'a> {
    pub(super) fn new(plan: &'a Plan, full: &'a Schema, tree: &'a mut Tree, answer: &'a Checked) -> Self {
        let body = tree.keep(answer);
        let Checked { text, strings } = answer;
        let scanner = Scanner::at(text, 0);
        let (items, types, remembered) = (Vec::new(), Vec::new(), Vec::new());
        Self { plan, full, tree, scanner, body, strings, next_string: 0, items, types, remembered }
    }

    /// Reads the object that begins at `start`, the answer to a step, into the objects that it is about.
    pub(super) fn put(&mut self, start: u32, step: &Step, targets: &[u32]) {
        self.scanner = Scanner::at(self.scanner.text, start as usize);
        self.next_string = self.strings.partition_point(|end| *end <= start);
        let Some((first, others)) = targets.split_first() else { return };
        if self.scanner.kind() != Some(Kind::Object) {
            return;
        }
        self.tree.shared |= !others.is_empty();
        let merge = Merge { plan: self.plan, full: self.full, copies: !others.is_empty() };
        if targets.iter().all(|target| self.has_place(*target, step.shape)) {
            if self.object(*first, step.shape).is_some() {
                let fields = &self.plan.shapes[step.shape].fields;
                merge.copy_to_all(self.tree, step.layout, *first, others, fields);
            }
        } else {
            let object = self.new_object(step.shape);
            if self.object(object, step.shape).is_some() {
                targets.iter().for_each(|target| merge.objects(self.tree, step.layout, *target, object));
            }
        }
    }

    fn has_place(&self, object: u32, shape: usize) -> bool {
        self.plan.shapes[shape].fields.iter().all(|field| self.tree.slot(object, field.slot) == Node::Missing)
    }

    fn new_object(&mut self, shape: usize) -> u32 {
        self.tree.object(self.plan.layouts[self.plan.shapes[shape].layout].slots.len())
    }

    /// From `start` to where the reader is.
    pub(super) fn text_from(&self, start: u32) -> Text {
        self.text(start as usize)
    }

    pub(super) fn into_remembered(self) -> Vec<Remembered> {
        self.remembered
    }

    fn objects(&mut self, shape: usize) -> Option<Node> {
        match self.scanner.kind()? {
            Kind::Object => {
                let object = self.new_object(shape);
                self.object(object, shape).map(|()| Node::Object(object))
            }
            Kind::List => self.list(shape),
            Kind::String | Kind::Null | Kind::Other => self.scanner.value().map(|_| Node::Null),
        }
    }

    fn list(&mut self, shape: usize) -> Option<Node> {
        let mark = self.items.len();
        let mut more = self.scanner.enter(b'[', b']')?;
        while more {
            let item = self.objects(shape)?;
            self.items.push(item);
            more = self.scanner.next(b']')?;
        }
        Some(self.tree.list(&mut self.items, mark))
    }

    fn object(&mut self, object: u32, position: usize) -> Option<()> {
        let shape = &self.plan.shapes[position];
        let start = self.scanner.at;
        let mut expected = 0;
        let mut more = self.scanner.enter(b'{', b'}')?;
        while more {
            match self.field(shape, &mut expected)? {
                Some(field) => {
                    let node = self.value(field.holds)?;
                    self.tree.set(object, field.slot, node);
                }
                None => {
                    self.scanner.value()?;
                }
            }
            more = self.scanner.next(b'}')?;
        }
        if shape.remembered {
            let text = self.text(start);
            self.remembered.push(Remembered { shape: position, object, text });
        }
        Some(())
    }

    /// The field of the key that comes next; `None` for one that nobody asked for.
    fn field(&mut self, shape: &'a Shape, expected: &mut usize) -> Option<Option<&'a ShapeField>> {
        self.scanner.space();
        if let Some(field) = shape.fields.get(*expected)
            && self.scanner.text[self.scanner.at..].starts_with(&field.quoted)
        {
            self.scanner.at += field.quoted.len();
            *expected += 1;
            return Some(Some(field));
        }
        let key = json::unescaped(self.scanner.key()?)?;
        let found = shape.fields.iter().position(|field| field.key.as_bytes() == &*key);
        if let Some(found) = found {
            *expected = found + 1;
        }
        Some(found.map(|found| &shape.fields[found]))
    }

    fn value(&mut self, holds: Holds) -> Option<Node> {
        if let Holds::Objects(shape) = holds {
            return self.objects(shape);
        }
        let kind = self.scanner.kind()?;
        let start = self.scanner.at;
        let value = if kind == Kind::String { self.string()? } else { self.scanner.value()? };
        Some(match (value, holds) {
            (b"null", _) => Node::Null,
            (name, Holds::Typename) => Node::Type(self.type_id(name)),
            _ => Node::Leaf(self.text(start)),
        })
    }

    /// The string that begins here.
    fn string(&mut self) -> Option<&'a [u8]> {
        let start = self.scanner.at;
        let ends = self.strings.get(self.next_string..)?;
        let passed = ends.iter().take_while(|end| **end as usize <= start).count();
        self.next_string += passed + 1;
        self.scanner.at = *ends.get(passed)? as usize;
        self.scanner.text.get(start..self.scanner.at)
    }

    fn text(&self, start: usize) -> Text {
        let position = |at| u32::try_from(at).unwrap_or(u32::MAX);
        Text { body: self.body, start: position(start), end: position(self.scanner.at) }
    }

    fn type_id(&mut self, json: &'a [u8]) -> TypeId {
        if let Some((_, known)) = self.types.iter().find(|(name, _)| *name == json) {
            return *known;
        }
        let name: String = serde_json::from_slice(json).unwrap_or_default();
        let of = self.full.type_id(&name);
        if self.types.len() < USUAL_TYPES {
            self.types.push((json, of));
        }
        of
    }
}

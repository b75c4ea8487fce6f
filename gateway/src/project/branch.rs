//! Fields of a response's root that are written before the rest of it is known.

use std::{collections::BTreeSet, ops::Range};

use super::{Bubble, Output, Projection, Step, Writer, output::Field};
use crate::{
    error::{GraphqlError, PathSegment},
    introspection,
    operation::Name,
    tree::{ROOT, Tree},
};

/// The fields of the response's root that `slots` fill, which the response can be put together of.
pub(crate) fn project_branch(
    output: &Output,
    tree: &Tree,
    slots: &BTreeSet<usize>,
    errors: Vec<GraphqlError>,
    projection: Projection<'_>,
) -> Written {
    let given = errors.len();
    let introspected = introspection::Values::default();
    let mut writer = Writer::new(projection, &introspected, tree, errors, output.bytes.get());
    let mut fields = Vec::new();
    for (position, field) in output.root_fields(projection).iter().enumerate() {
        if !field.slot.is_some_and(|slot| slots.contains(&slot)) {
            continue;
        }
        let start = writer.out.len();
        writer.path.push(Step::Key(&field.key));
        let outcome = writer.field(ROOT, field).map(|()| start..writer.out.len());
        writer.path.clear();
        fields.push((position, outcome));
    }
    let found = writer.errors.split_off(given);
    Written { bytes: writer.out, fields, errors: writer.errors, found }
}

/// Fields of a response's root, ready to be copied.
pub(crate) struct Written {
    bytes: Vec<u8>,
    /// By position among the fields of the root the value's place, or the null that comes up in place of it.
    fields: Vec<(usize, Result<Range<usize>, Bubble>)>,
    /// What went wrong on the way to the values.
    pub(super) errors: Vec<GraphqlError>,
    /// What is wrong with them.
    found: Vec<GraphqlError>,
}

impl Written {
    /// How many errors it has that were given.
    pub(crate) fn error_count(&self) -> usize {
        self.errors.len()
    }
}

impl<'a> Writer<'a> {
    pub(super) fn root(&mut self, fields: &'a [Field]) -> Result<(), Bubble> {
        self.members(None, fields, |writer, position, field| writer.root_field(position, field))
    }

    fn root_field(&mut self, position: usize, field: &'a Field) -> Result<(), Bubble> {
        for written in self.written {
            let Some((_, outcome)) = written.fields.iter().find(|(known, _)| *known == position) else { continue };
            let mut found = written.found.iter().filter(|error| is_of(error, &field.key));
            if self.lost == 0 {
                self.errors.extend(found.cloned());
            } else if let (Err(Bubble::Explained), Some(error)) = (outcome, found.next()) {
                // It is not added, and explains nothing.
                return Err(Bubble::Unexplained(Box::new(error.clone())));
            }
            self.out.extend_from_slice(&written.bytes[outcome.clone()?]);
            return Ok(());
        }
        self.field(ROOT, field)
    }
}

fn is_of(error: &GraphqlError, key: &Name) -> bool {
    let first = error.path.as_ref().and_then(|path| path.first());
    matches!(first, Some(PathSegment::Key(first)) if first == key)
}

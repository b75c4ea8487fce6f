//! `CollectFields` (specification, section 6.3.2), remembered for each runtime type: lists repeat few types.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use graphql_tools::static_graphql::schema::Type;

use super::Projection;
use crate::{
    authorize::Denial,
    operation::{Field, Name, Selection, SelectionSet},
};

/// The selection sets that apply to one response object.
pub(super) struct Group<'a> {
    sets: Vec<&'a SelectionSet>,
    by_type: RefCell<HashMap<String, Fields<'a>>>,
}

type Fields<'a> = Rc<Vec<Collected<'a>>>;

/// All selections of one response key.
pub(super) struct Collected<'a> {
    pub(super) field: &'a Field,
    /// As the runtime type declares it, which can be more precise than the interface that was selected on.
    pub(super) field_type: &'a Type,
    /// The key of the fetched data.
    pub(super) fetched: &'a Name,
    pub(super) denial: Option<Denial>,
    /// `None` for a leaf.
    pub(super) inner: Option<Rc<Group<'a>>>,
}

impl<'a> Group<'a> {
    pub(super) fn new(sets: Vec<&'a SelectionSet>) -> Self {
        Self { sets, by_type: RefCell::default() }
    }

    pub(super) fn fields(&self, typename: &str, projection: &Projection<'a>) -> Fields<'a> {
        if let Some(fields) = self.by_type.borrow().get(typename) {
            return fields.clone();
        }
        let mut by_key = Vec::new();
        for set in &self.sets {
            collect(set, typename, projection, &mut by_key);
        }
        let fields = by_key.into_iter().map(|(field, inner)| Collected {
            field,
            field_type: projection
                .supergraph
                .api
                .field(typename, &field.name)
                .map_or(&field.field_type, |declared| &declared.field_type),
            fetched: projection.keys.of(field),
            denial: denial(field, typename, projection),
            inner: field.set.is_some().then(|| Rc::new(Self::new(inner))),
        });
        let fields = Rc::new(fields.collect());
        self.by_type.borrow_mut().insert(typename.to_owned(), Rc::clone(&fields));
        fields
    }
}

fn denial(field: &Field, typename: &str, projection: &Projection<'_>) -> Option<Denial> {
    let denied = projection.denied;
    denied.get(typename, &field.name).or_else(|| denied.get(&field.parent, &field.name))
}

fn collect<'a>(
    set: &'a SelectionSet,
    typename: &str,
    projection: &Projection<'a>,
    by_key: &mut Vec<(&'a Field, Vec<&'a SelectionSet>)>,
) {
    for selection in &set.selections {
        match selection {
            Selection::Fragment(inner) => {
                if projection.supergraph.api.has_fields_of(typename, &inner.parent) {
                    collect(inner, typename, projection, by_key);
                }
            }
            Selection::Field(field) => {
                let known = by_key.iter_mut().find(|(known, _)| known.response_key == field.response_key);
                match known {
                    Some((_, sets)) => sets.extend(field.set.as_deref()),
                    None => by_key.push((field, field.set.as_deref().into_iter().collect())),
                }
            }
        }
    }
}

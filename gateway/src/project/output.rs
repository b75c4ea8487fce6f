//! The original operation, compiled for writing: `CollectFields` (specification, section 6.3.2) is done once for each
//! runtime type that a selection set meets, and kept.

use std::sync::{Arc, OnceLock};

use graphql_tools::static_graphql::schema::Type;

use super::{Projection, leaf::Leaf};
use crate::{
    authorize::Denial,
    operation::{self, Name, Operation, Selection, SelectionSet, TYPENAME},
    schema::{TypeId, named},
    usual::UsualSize,
};

pub(crate) struct Output {
    root: Group,
    /// Of a response.
    pub(super) bytes: UsualSize,
}

/// The selection sets that apply to one response object.
pub(super) struct Group {
    sets: Vec<Arc<SelectionSet>>,
    /// Of the objects here, in the plan; `None` where nothing is fetched.
    layout: Option<usize>,
    pub(super) typename: Option<usize>,
    types: Types,
}

/// What is written of objects here, by their type.
enum Types {
    /// Whatever a subgraph says.
    One(Name, OnceLock<Vec<Field>>),
    Many {
        /// Ordered by the first.
        known: Vec<(TypeId, Name, OnceLock<Vec<Field>>)>,
        /// Of objects that no subgraph knows the type of, because they come from an `@interfaceObject`, as long as
        /// nothing that is asked depends on it.
        unknown: Option<(Name, OnceLock<Vec<Field>>)>,
        /// Objects that clients must not see.
        hidden: Vec<TypeId>,
    },
}

/// All selections of one response key.
pub(super) struct Field {
    pub(super) key: Name,
    /// `,"key":`
    pub(super) quoted: Box<[u8]>,
    pub(super) slot: Option<usize>,
    pub(super) expected: Expected,
    pub(super) what: What,
    pub(super) denial: Option<Denial>,
    /// `Type.field`, for messages.
    pub(super) coordinate: String,
}

/// Of a type what is around its name.
pub(super) struct Expected {
    pub(super) nullable: bool,
    pub(super) items: Option<Box<Expected>>,
}

pub(super) enum What {
    /// The name as JSON, where it may be said.
    Typename(Option<Box<[u8]>>),
    Introspection,
    Leaf(Leaf),
    Objects(Group),
}

impl Output {
    pub(crate) fn new(operation: &Operation, projection: Projection<'_>) -> Self {
        let root = Group {
            sets: vec![operation.set.clone()],
            layout: projection.plan.map(|_| 0),
            typename: None,
            types: Types::One(operation.set.parent.clone(), OnceLock::new()),
        };
        Self { root, bytes: UsualSize::new(256) }
    }

    pub(super) fn root_fields(&self, projection: Projection<'_>) -> &[Field] {
        self.root.fields(None, projection).unwrap_or_default()
    }
}

impl Group {
    fn new(sets: Vec<Arc<SelectionSet>>, declared: &str, layout: Option<usize>, projection: Projection<'_>) -> Self {
        let typename = layout.and_then(|layout| projection.plan?.layouts[layout].typename);
        let types = Types::of(declared, &sets, projection);
        Self { sets, layout, typename, types }
    }

    /// `None` for an object of a type that cannot stand here.
    pub(super) fn fields(&self, of: Option<TypeId>, projection: Projection<'_>) -> Option<&[Field]> {
        let (name, fields) = match &self.types {
            Types::One(name, fields) => (name, fields),
            Types::Many { known, unknown, hidden } => {
                let position = of.and_then(|of| known.binary_search_by_key(&of, |(known, ..)| *known).ok());
                match (position, unknown) {
                    (Some(position), _) => (&known[position].1, &known[position].2),
                    (None, Some((name, fields))) if of.is_none_or(|of| !hidden.contains(&of)) => (name, fields),
                    _ => return None,
                }
            }
        };
        Some(fields.get_or_init(|| self.collect(name, projection)))
    }

    fn collect(&self, typename: &Name, projection: Projection<'_>) -> Vec<Field> {
        let mut by_key = Vec::new();
        for set in &self.sets {
            collect(set, typename, projection, &mut by_key);
        }
        by_key.into_iter().map(|(field, sets)| self.field(field, sets, typename, projection)).collect()
    }

    fn field(
        &self,
        field: &operation::Field,
        sets: Vec<Arc<SelectionSet>>,
        typename: &Name,
        projection: Projection<'_>,
    ) -> Field {
        let supergraph = projection.supergraph;
        // As the runtime type declares it, which can be more precise than the interface that was selected on.
        let declared = supergraph.api.field(typename, &field.name).map(|declared| &declared.field_type);
        let field_type = declared.unwrap_or(&field.field_type);
        let layout = self.layout.and_then(|layout| projection.plan.map(|plan| &plan.layouts[layout]));
        let slot = layout.and_then(|layout| layout.slot(projection.keys.of(field)));
        let what = match &field.set {
            _ if &*field.name == TYPENAME => {
                let may_be_said = supergraph.api.is_object(typename);
                What::Typename(may_be_said.then(|| format!("\"{typename}\"").into_bytes().into()))
            }
            _ if field.is_introspection() => What::Introspection,
            Some(_) => {
                let inner = layout.zip(slot).and_then(|(layout, slot)| layout.slots[slot].inner);
                What::Objects(Self::new(sets, named(field_type), inner, projection))
            }
            None => What::Leaf(Leaf::of(supergraph.api.get(named(field_type)))),
        };
        Field {
            key: field.response_key.clone(),
            quoted: format!(",\"{}\":", field.response_key).into_bytes().into(),
            slot,
            expected: Expected::of(field_type),
            what,
            denial: denial(field, typename, projection),
            coordinate: format!("{}.{}", field.parent, field.name),
        }
    }
}

impl Types {
    fn of(declared: &str, sets: &[Arc<SelectionSet>], projection: Projection<'_>) -> Self {
        let supergraph = projection.supergraph;
        if supergraph.api.is_object(declared) {
            return Self::One(Name::from(declared), OnceLock::new());
        }
        let possible = supergraph.api.possible_types(declared).filter(|name| supergraph.api.is_object(name));
        let mut known: Vec<_> =
            possible.map(|name| (supergraph.full.type_id(name), Name::from(name), OnceLock::new())).collect();
        known.sort_unstable_by_key(|(of, ..)| *of);
        let unknown = supergraph.is_behind_interface_object(declared)
            && !sets.iter().any(|set| depends_on_type(set, declared, projection));
        Self::Many {
            known,
            unknown: unknown.then(|| (Name::from(declared), OnceLock::new())),
            hidden: if unknown { supergraph.full.object_ids() } else { Vec::new() },
        }
    }
}

impl Expected {
    fn of(field_type: &Type) -> Self {
        match field_type {
            Type::NonNullType(inner) => Self { nullable: false, ..Self::of(inner) },
            Type::ListType(inner) => Self { nullable: true, items: Some(Box::new(Self::of(inner))) },
            Type::NamedType(_) => Self { nullable: true, items: None },
        }
    }
}

/// Whether something is selected on some of the types that a value can have.
fn depends_on_type(set: &SelectionSet, declared: &str, projection: Projection<'_>) -> bool {
    set.selections.iter().any(|selection| match selection {
        Selection::Field(_) => false,
        Selection::Fragment(inner) => {
            !projection.supergraph.api.has_fields_of(declared, &inner.parent)
                || depends_on_type(inner, declared, projection)
        }
    })
}

fn denial(field: &operation::Field, typename: &str, projection: Projection<'_>) -> Option<Denial> {
    let denial = |parent: &str| projection.supergraph.requirements.denial(projection.denied, parent, &field.name);
    denial(typename).or_else(|| denial(&field.parent))
}

fn collect<'a>(
    set: &'a SelectionSet,
    typename: &str,
    projection: Projection<'_>,
    by_key: &mut Vec<(&'a operation::Field, Vec<Arc<SelectionSet>>)>,
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
                    Some((_, sets)) => sets.extend(field.set.clone()),
                    None => by_key.push((field, field.set.clone().into_iter().collect())),
                }
            }
        }
    }
}

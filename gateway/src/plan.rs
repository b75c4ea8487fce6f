//! A query plan, compiled: what each subgraph is asked, after which answers, how its answer is read, and where in the
//! response tree it belongs. Names have become positions; everything that is sent or compared often is bytes already.

mod branches;
mod compile;
mod display;
pub(crate) mod draft;
mod reuse;

use std::{collections::HashSet, sync::Arc};

pub(crate) use branches::Branch;

use crate::{
    operation::{Name, OperationKind},
    schema::TypeSet,
    usual::UsualSize,
};

/// Steps that form a graph: each begins when those it depends on have ended.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    /// The first is that of the response's root.
    pub(crate) layouts: Vec<Layout>,
    pub(crate) shapes: Vec<Shape>,
    /// Answers of one step that spare another one references.
    pub(crate) reuses: Vec<Reuse>,
    pub(crate) branches: Vec<Branch>,
    /// Of a response's tree, in nodes.
    pub(crate) nodes: UsualSize,
    /// The draft, to be read by people.
    text: String,
}

/// The objects at one place of the response tree: each has a slot for every key that any step may bring.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    pub(crate) slots: Vec<Slot>,
    pub(crate) typename: Option<usize>,
}

#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) key: Name,
    /// The layout of objects in this slot.
    pub(crate) inner: Option<usize>,
    /// Steps whose answers have objects here. If they are several, what one of them brought is changed by another.
    pub(crate) writers: HashSet<usize>,
}

/// One request to one subgraph, or a part of one.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) service: Name,
    pub(crate) kind: OperationKind,
    /// Positions of the steps whose answers this one reads, or that must have happened before it.
    pub(crate) depends_on: Vec<usize>,
    /// From the root to the objects that the answer is merged into. Lists on the way are walked.
    pub(crate) path: Vec<PathStep>,
    /// The layout of these objects.
    pub(crate) layout: usize,
    pub(crate) asks: Asks,
    /// How the answer is read: that of the root fields, or that of one reference.
    pub(crate) shape: usize,
    /// Variables of the client's operation that are sent along.
    pub(crate) variables: Vec<String>,
    /// Whether nothing is changed and everybody may see what is asked, so that it does not matter who asks.
    pub(crate) public: bool,
    /// Whether another step looks up the same of other objects.
    pub(crate) repeated: bool,
}

#[derive(Debug)]
pub(crate) enum Asks {
    /// Root fields, whatever the path.
    Root {
        /// The operation's text as a JSON string.
        query: Arc<[u8]>,
        /// Response keys.
        keys: Vec<Name>,
    },
    References(Lookup),
}

/// References to objects, by which a subgraph finds them.
#[derive(Debug)]
pub(crate) struct Lookup {
    pub(crate) template: Template,
    /// Types of which a reference takes the name in place of its own (`@interfaceObject`), the first that fits.
    pub(crate) renamed: Vec<(TypeSet, Name)>,
    pub(crate) selection: Arc<Selection>,
}

/// What is asked of each reference, in parts from which operations of several lookups can be put together; the text of
/// each is the inside of a JSON string. Equal for lookups that ask the same.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Selection {
    /// `{…}`
    pub(crate) set: String,
    /// Definitions of the variables in it, without `$representations`.
    pub(crate) variables: Vec<(String, String)>,
    /// Fragment definitions, where the planner made some.
    pub(crate) fragments: String,
}

/// How a reference is made of an object.
#[derive(Debug)]
pub(crate) struct Template {
    /// Where the type of such an object is, if a step brings it.
    pub(crate) typename: Option<usize>,
    pub(crate) parts: Vec<Part>,
}

#[derive(Debug)]
pub(crate) enum Part {
    Typename,
    Field {
        /// Where the value is: under its own key, or under that of the reference. `None` where no step brings it.
        slots: [Option<usize>; 2],
        /// `"key":`
        key: Arc<[u8]>,
        inner: Template,
    },
    Fragment {
        fits: TypeSet,
        name: Name,
        inner: Vec<Part>,
    },
}

#[derive(Debug)]
pub(crate) enum PathStep {
    Key {
        slot: usize,
        key: Name,
    },
    /// Only objects of these types, and those whose type is not known.
    Types(TypeSet),
}

/// How the objects of one selection set in a subgraph's answer are read.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) layout: usize,
    /// In the order in which the subgraph is asked for them, and will most probably answer.
    pub(crate) fields: Vec<ShapeField>,
    /// Whether objects are remembered by the bytes that they were read from, because they may spare a reference.
    pub(crate) remembered: bool,
}

#[derive(Debug)]
pub(crate) struct ShapeField {
    /// The response key as the subgraph gives it.
    pub(crate) key: Name,
    /// `"key":`
    pub(crate) quoted: Box<[u8]>,
    pub(crate) slot: usize,
    pub(crate) holds: Holds,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Typename,
    /// Any JSON, kept as it came.
    Leaf,
    /// Objects of this shape, or lists of them.
    Objects(usize),
}

/// Objects in the answer of one step that have all that a later step would look up by reference.
#[derive(Debug)]
pub(crate) struct Reuse {
    pub(crate) service: Name,
    pub(crate) shape: usize,
    /// Of the lookup that is spared, made for objects of `shape`.
    pub(crate) template: Template,
    pub(crate) selection: Arc<Selection>,
}

impl Plan {
    /// The step whose answers are the events of a subscription.
    pub(crate) fn source(&self) -> Option<usize> {
        self.steps.iter().position(|step| step.kind == OperationKind::Subscription)
    }

    /// An estimate of the memory that the plan holds.
    pub(crate) fn bytes(&self) -> usize {
        let slots: usize = self.layouts.iter().map(|layout| layout.slots.len()).sum();
        let fields: usize = self.shapes.iter().map(|shape| shape.fields.len()).sum();
        1024 + 4 * self.text.len() + 128 * (slots + fields) + 1024 * self.steps.len()
    }
}

impl Step {
    /// Whether the step may be sent again, in parts, or in place of another.
    pub(crate) fn is_query(&self) -> bool {
        self.kind == OperationKind::Query
    }

    pub(crate) fn lookup(&self) -> Option<&Lookup> {
        match &self.asks {
            Asks::References(lookup) => Some(lookup),
            Asks::Root { .. } => None,
        }
    }
}

impl Selection {
    /// Whether one document can have the fragments of both: their names tell them apart, or they are the same.
    pub(crate) fn joins(&self, other: &Self) -> bool {
        let name = |selection: &Self| selection.fragments.split_whitespace().nth(1).map(str::to_owned);
        self.fragments == other.fragments || name(self) != name(other)
    }
}

impl Shape {
    /// By the response key as the subgraph gives it.
    pub(crate) fn field(&self, key: &str) -> Option<&ShapeField> {
        self.fields.iter().find(|field| *field.key == *key)
    }
}

impl Layout {
    pub(crate) fn slot(&self, key: &str) -> Option<usize> {
        self.slots.iter().position(|slot| *slot.key == *key)
    }
}

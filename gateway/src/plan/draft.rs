//! A query plan in terms of names, as it is translated from the planner's.

use std::collections::BTreeSet;

use crate::operation::{Name, OperationKind};

#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) steps: Vec<DraftStep>,
}

#[derive(Debug)]
pub(crate) struct DraftStep {
    pub(crate) service: Name,
    pub(crate) kind: OperationKind,
    pub(crate) depends_on: Vec<usize>,
    /// The objects that the answer is merged into; empty for the root.
    pub(crate) path: Vec<DraftPath>,
    /// What a reference is made of. A step without it asks root fields, whatever its path.
    pub(crate) requires: Option<Vec<Required>>,
    /// Types whose name the references to their objects take.
    pub(crate) renamed_types: Vec<Name>,
    /// Response keys of the subgraph that stand for others.
    pub(crate) renamed_keys: Vec<RenamedKey>,
    pub(crate) query: String,
    /// Variables that `query` uses, with their definitions but `$representations`.
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) fragments: String,
    /// The text of what is selected of a reference; empty where there are none.
    pub(crate) selection: String,
    /// What is selected of the root, or of each reference.
    pub(crate) set: DraftSet,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DraftPath {
    Key(Name),
    /// Every item of a list.
    Items,
    /// Only objects of one of the types.
    Types(BTreeSet<String>),
}

#[derive(Debug, Clone)]
pub(crate) enum Required {
    Field {
        /// The key under which the value was fetched.
        from: Name,
        /// The key under which the subgraph expects it.
        key: Name,
        set: Vec<Required>,
    },
    Fragment {
        condition: Name,
        set: Vec<Required>,
    },
}

#[derive(Debug)]
pub(crate) struct RenamedKey {
    /// Keys from the root of the answer, or from the reference's object; the last is the one that is renamed.
    pub(crate) path: Vec<Name>,
    pub(crate) to: Name,
}

/// The selections of one object, of all fragments together: which of them an object has depends on its type.
#[derive(Debug, Default)]
pub(crate) struct DraftSet {
    /// The type of the object, where it is the same for all of them.
    pub(crate) object: Option<Name>,
    pub(crate) fields: Vec<DraftField>,
}

#[derive(Debug)]
pub(crate) struct DraftField {
    pub(crate) key: Name,
    /// The declaring type, the field's name and the arguments as text, as often as the key is selected.
    pub(crate) sources: Vec<(Name, Name, String)>,
    /// `None` for a leaf.
    pub(crate) set: Option<DraftSet>,
}

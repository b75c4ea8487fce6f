//! A query plan in terms of our own: which subgraph is asked what, after which answers, and where its answer belongs.

use std::{collections::BTreeSet, fmt};

use crate::operation::{Name, OperationKind};

/// Steps that form a graph: each begins when those it depends on have ended.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
}

/// One request to one subgraph.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) service: Name,
    pub(crate) kind: OperationKind,
    /// Positions of the steps whose answers this one reads, or that must have happened before it.
    pub(crate) depends_on: Vec<usize>,
    /// The objects that the answer is merged into; empty for the root.
    pub(crate) path: Vec<PathStep>,
    /// What a reference is made of. A step without it asks root fields, whatever its path.
    pub(crate) requires: Option<Vec<Required>>,
    /// Applied to references once it is decided which of them are sent.
    pub(crate) input_rewrites: Vec<Rewrite>,
    /// Applied to the answer before it is merged.
    pub(crate) output_rewrites: Vec<Rewrite>,
    pub(crate) query: String,
    /// `query` as a JSON string.
    pub(crate) escaped_query: String,
    /// Variables of the client's operation that `query` uses.
    pub(crate) variables: Vec<String>,
    pub(crate) shape: Shape,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PathStep {
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

#[derive(Debug, Clone)]
pub(crate) enum Rewrite {
    Set { path: Vec<RewriteStep>, value: String },
    Rename { path: Vec<RewriteStep>, to: Name },
}

#[derive(Debug, Clone)]
pub(crate) enum RewriteStep {
    Key(Name),
    Types(BTreeSet<String>),
}

/// The response keys that a subgraph may answer with, so that an answer is read in one pass and what nobody asked
/// for is dropped at once. `None` stands for a leaf, whose JSON is kept as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shape(pub(crate) Vec<(Name, Option<Shape>)>);

impl Shape {
    pub(crate) fn get(&self, key: &str) -> Option<&(Name, Option<Shape>)> {
        self.0.iter().find(|(known, _)| **known == *key)
    }
}

impl Plan {
    /// The step whose answers are the events of a subscription.
    pub(crate) fn source(&self) -> Option<usize> {
        self.steps.iter().position(|step| step.kind == OperationKind::Subscription)
    }

    /// An estimate of the memory that the plan holds.
    pub(crate) fn bytes(&self) -> usize {
        self.steps.iter().map(|step| 512 + 6 * step.query.len() + 32 * step.path.len()).sum()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.steps.iter().enumerate() {
            writeln!(f, "{}. {step}", position + 1)?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.service)?;
        for (index, step) in self.path.iter().enumerate() {
            write!(f, "{}{step}", if index == 0 { " at " } else { "." })?;
        }
        for (index, dependency) in self.depends_on.iter().enumerate() {
            write!(f, "{}{}", if index == 0 { ", after " } else { " and " }, dependency + 1)?;
        }
        if let Some(requires) = &self.requires {
            write!(f, "\n   by{}", Requirements(requires))?;
        }
        write!(f, "\n   {}", self.query.trim_end())
    }
}

impl fmt::Display for PathStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(key),
            Self::Items => f.write_str("@"),
            Self::Types(types) => {
                let types: Vec<_> = types.iter().map(String::as_str).collect();
                write!(f, "[{}]", types.join("|"))
            }
        }
    }
}

struct Requirements<'a>(&'a [Required]);

impl fmt::Display for Requirements<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(" {")?;
        for required in self.0 {
            match required {
                Required::Fragment { condition, set } => {
                    write!(f, " ... on {condition}{}", Requirements(set))?;
                }
                Required::Field { from, key, set } => {
                    write!(f, " {key}")?;
                    if from != key {
                        write!(f, ": {from}")?;
                    }
                    if !set.is_empty() {
                        write!(f, "{}", Requirements(set))?;
                    }
                }
            }
        }
        f.write_str(" }")
    }
}

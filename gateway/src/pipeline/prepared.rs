//! Operations that only have to be executed, kept for the requests to come.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use ahash::RandomState;
use moka::sync::Cache;

use super::Execution;
use crate::{
    authorize::Denied,
    canonical::Keys,
    operation::{Operation, Selection},
    plan::Plan,
    project::{Output, Projection},
    supergraph::Supergraph,
};
use client::Deadline;

pub(super) struct Prepared {
    /// Of this one only, for as long as the process lives.
    pub(super) number: u64,
    pub(super) operation: Operation,
    pub(super) keys: Keys,
    /// `None` where no subgraph has to be asked.
    pub(super) plan: Option<Arc<Plan>>,
    pub(super) output: Output,
    pub(super) introspects: bool,
    /// An estimate of the memory that it holds beside the plan.
    bytes: usize,
    denied: Denied,
}

/// All that an operation depends on before it is executed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct PreparedKey {
    /// [`Checked::number`](super::Checked::number)
    pub(super) document: u64,
    pub(super) operation_name: Option<String>,
    /// Of the variables that `@skip` and `@include` name.
    pub(super) conditions: Vec<bool>,
    pub(super) denied: Denied,
}

/// Bounded by memory. Values of conditions and scopes multiply a document; what is rarely asked goes first.
pub(super) struct PreparedCache {
    prepared: Cache<PreparedKey, Arc<Prepared>, RandomState>,
    next: AtomicU64,
}

impl PreparedCache {
    pub(super) fn new(bytes: u64) -> Self {
        let weigher = |_: &PreparedKey, prepared: &Arc<Prepared>| {
            let plan = prepared.plan.as_ref().map_or(0, |plan| plan.bytes());
            u32::try_from(4096 + prepared.bytes + plan).unwrap_or(u32::MAX)
        };
        let prepared = Cache::builder().max_capacity(bytes).weigher(weigher).build_with_hasher(RandomState::new());
        Self { prepared, next: AtomicU64::new(0) }
    }

    pub(super) fn get(&self, key: &PreparedKey) -> Option<Arc<Prepared>> {
        self.prepared.get(key)
    }

    pub(super) fn insert(
        &self,
        key: PreparedKey,
        bytes: usize,
        operation: Operation,
        keys: Keys,
        plan: Option<Arc<Plan>>,
        supergraph: &Supergraph,
    ) -> Arc<Prepared> {
        let denied = key.denied.clone();
        let projection = Projection { supergraph, denied: &denied, keys: &keys, plan: plan.as_deref() };
        let output = Output::new(&operation, projection);
        let introspects = operation.set.selections.iter().any(introspects);
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let prepared = Arc::new(Prepared { number, operation, keys, plan, output, introspects, bytes, denied });
        self.prepared.insert(key, prepared.clone());
        prepared
    }
}

impl Prepared {
    pub(super) fn projection<'a>(&'a self, supergraph: &'a Supergraph) -> Projection<'a> {
        Projection { supergraph, denied: &self.denied, keys: &self.keys, plan: self.plan.as_deref() }
    }
}

impl Execution {
    /// The same, with another deadline.
    pub(super) fn until(&self, deadline: Deadline) -> Self {
        let travel = self.travel.until(deadline);
        let (prepared, variables) = (self.prepared.clone(), self.variables.clone());
        Self { prepared, variables, anonymous: travel.anonymous(), travel }
    }
}

fn introspects(selection: &Selection) -> bool {
    match selection {
        Selection::Field(field) => field.is_introspection(),
        Selection::Fragment(set) => set.selections.iter().any(introspects),
    }
}

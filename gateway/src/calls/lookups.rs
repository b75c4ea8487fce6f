//! References that concurrent requests look up, each under way once, and sent together where that delays nobody.

use std::{
    collections::HashMap,
    hash::Hash,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ahash::RandomState;
use bytes::Bytes;
use client::Deadline;
use futures_util::{FutureExt, future::join_all};

use super::{
    Failure, Shared,
    batch::{self, Item, Part},
    travel::{Identity, Travel},
};
use crate::{flights::Flying, operation::Name, plan::Selection};

/// Longest time for which references wait for those of other requests. They wait only while a call like theirs is under
/// way, and never longer than an eighth of the time that it takes.
const LONGEST_WAIT: Duration = Duration::from_millis(2);

pub(super) struct Lookups {
    shared: Arc<Shared>,
    state: Mutex<State>,
    next_call: AtomicU64,
}

/// References of one step.
pub(crate) struct Wanted {
    pub(crate) selection: Arc<Selection>,
    /// Of each variable of the selection the value as JSON; empty where it has none.
    pub(crate) values: Vec<String>,
    /// JSON of each, all of them different.
    pub(crate) references: Vec<Bytes>,
}

/// Where the answer to one reference is.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) part: Arc<Part>,
    pub(crate) list: usize,
    pub(crate) index: usize,
}

/// All that the answer to a reference can depend on beside itself.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Lookup {
    service: Name,
    identity: Arc<Identity>,
    pub(super) selection: Arc<Selection>,
    pub(super) values: Vec<(String, String)>,
    scope: Option<u64>,
    /// [`Shared::changes`](super::Shared::changes)
    changes: u64,
}

/// Lookups that may be sent in one call: variables of equal names have equal definitions and values. A definition that
/// suits one selection need not suit another.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Group {
    service: Name,
    identity: Arc<Identity>,
    variables: Vec<(String, String)>,
    /// The execution outside of which nothing is shared, where nothing is to be.
    scope: Option<u64>,
}

#[derive(Default)]
struct State {
    under_way: HashMap<Arc<Lookup>, HashMap<Bytes, Awaited, RandomState>, RandomState>,
    calls: HashMap<Group, usize>,
    waiting: HashMap<Group, Batch>,
}

/// A call under way, and the place of one reference in it.
#[derive(Clone)]
struct Awaited {
    call: Flying<Arc<Vec<Found>>>,
    id: u64,
    position: usize,
    deadline: Deadline,
}

/// References that wait to be sent.
struct Batch {
    items: Vec<Item>,
    awaited: Awaited,
}

impl Lookups {
    pub(super) fn new(shared: Arc<Shared>) -> Arc<Self> {
        Arc::new(Self { shared, state: Mutex::default(), next_call: AtomicU64::new(0) })
    }

    pub(super) async fn look_up(
        self: &Arc<Self>,
        service: &Name,
        wanted: Vec<Wanted>,
        travel: &Travel,
    ) -> Vec<Vec<Found>> {
        let lengths: Vec<usize> = wanted.iter().map(|wanted| wanted.references.len()).collect();
        let scope = (!self.shared.batch_across_requests).then_some(travel.execution);
        let identity = travel.identity.clone();
        let group = Group { service: service.clone(), identity, variables: variables(&wanted), scope };
        let items = items(&group, wanted, travel, self.shared.changes.load(Ordering::SeqCst));
        let mut found = self.together(&group, items, travel).await.into_iter();
        lengths.into_iter().map(|length| found.by_ref().take(length).collect()).collect()
    }

    async fn together(self: &Arc<Self>, group: &Group, items: Vec<Item>, travel: &Travel) -> Vec<Found> {
        let awaited = self.join_or_begin(group, items, travel);
        let mut calls: Vec<(u64, Flying<Arc<Vec<Found>>>)> = Vec::new();
        for Awaited { call, id, .. } in &awaited {
            if !calls.iter().any(|(known, _)| known == id) {
                calls.push((*id, call.clone()));
            }
        }
        let (ids, calls): (Vec<u64>, Vec<_>) = calls.into_iter().unzip();
        let failed = |failure| Found { part: Part::failed(failure), list: 0, index: 0 };
        let Ok(ended) = tokio::time::timeout_at(travel.deadline.at(), join_all(calls)).await else {
            let late = failed(Failure::late());
            return vec![late; awaited.len()];
        };
        let panicked = failed(Failure::panicked());
        let of = |awaited: &Awaited| {
            let call = ids.iter().position(|id| *id == awaited.id)?;
            ended[call].as_ref()?.get(awaited.position).cloned()
        };
        awaited.iter().map(|awaited| of(awaited).unwrap_or_else(|| panicked.clone())).collect()
    }

    /// Where each item will be found.
    fn join_or_begin(self: &Arc<Self>, group: &Group, items: Vec<Item>, travel: &Travel) -> Vec<Awaited> {
        let deadline = self.shared.deadline(&group.service, travel);
        let mut state = self.lock();
        let of_one_lookup = items.chunk_by(|left, right| Arc::ptr_eq(&left.lookup, &right.lookup));
        let mut awaited: Vec<Option<Awaited>> =
            of_one_lookup.flat_map(|items| state.under_way(items, deadline)).collect();
        let is_new = awaited.iter().map(Option::is_none);
        let new: Vec<Item> = items.iter().zip(is_new).filter(|(_, new)| *new).map(|(item, _)| item.clone()).collect();
        let mut begun = self.begin(&mut state, group, new, travel).into_iter();
        for place in awaited.iter_mut().filter(|awaited| awaited.is_none()) {
            *place = begun.next();
        }
        awaited.into_iter().flatten().collect()
    }

    fn begin(self: &Arc<Self>, state: &mut State, group: &Group, new: Vec<Item>, travel: &Travel) -> Vec<Awaited> {
        if new.is_empty() {
            return Vec::new();
        }
        let deadline = self.shared.deadline(&group.service, travel);
        if let Some(batch) = state.waiting.get_mut(group)
            && batch.awaited.suits(deadline)
            && batch.items.len() + new.len() <= self.shared.max_batch
            && joinable(&batch.items, &new)
        {
            let first = batch.items.len();
            batch.items.extend(new.iter().cloned());
            let call = batch.awaited.clone();
            return state.mark(&new, &call, first);
        }
        let id = self.next_call.fetch_add(1, Ordering::Relaxed);
        let wait = self.wait(state, group);
        let call = self.call(group.clone(), id, wait, if wait.is_zero() { new.clone() } else { Vec::new() }, travel);
        *state.calls.entry(group.clone()).or_default() += 1;
        let call = Awaited { call, id, position: 0, deadline };
        if !wait.is_zero() {
            state.waiting.insert(group.clone(), Batch { items: new.clone(), awaited: call.clone() });
        }
        state.mark(&new, &call, 0)
    }

    fn wait(&self, state: &State, group: &Group) -> Duration {
        let alone = group.scope.is_some() || !state.calls.contains_key(group);
        if alone || state.waiting.contains_key(group) {
            return Duration::ZERO;
        }
        let expected = self.shared.paces.get(&group.service).and_then(super::Pace::expected).unwrap_or_default();
        (expected / 8).min(LONGEST_WAIT)
    }

    /// A call that others may wait for is a task of its own: it goes on when the request that began it is dropped.
    fn call(
        self: &Arc<Self>,
        group: Group,
        id: u64,
        wait: Duration,
        items: Vec<Item>,
        travel: &Travel,
    ) -> Flying<Arc<Vec<Found>>> {
        let (lookups, travel) = (self.clone(), travel.clone());
        let own = group.scope.is_some();
        let call = async move {
            let mut landing = Landing { lookups: lookups.clone(), group: group.clone(), id, items };
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
                landing.items = lookups.lock().waiting.remove(&group).map(|batch| batch.items).unwrap_or_default();
            }
            Arc::new(batch::run(&lookups.shared, &group.service, &landing.items, &travel).await)
        };
        if own {
            AssertUnwindSafe(call).catch_unwind().map(Result::ok).boxed().shared()
        } else {
            tokio::spawn(call).map(Result::ok).boxed().shared()
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Awaited {
    /// A caller who has more than twice as long as who began the call does not join: it would be told of a timeout that
    /// is not its own.
    fn suits(&self, deadline: Deadline) -> bool {
        self.deadline.remaining() * 2 >= deadline.remaining()
    }
}

impl State {
    /// The calls that items of one lookup are in already.
    fn under_way(&self, items: &[Item], deadline: Deadline) -> Vec<Option<Awaited>> {
        let Some(references) = items.first().and_then(|item| self.under_way.get(&item.lookup)) else {
            return vec![None; items.len()];
        };
        let joined = |item: &Item| references.get(&item.reference).filter(|call| call.suits(deadline));
        items.iter().map(|item| joined(item).cloned()).collect()
    }

    /// Remembers that `items` are in a call, from the position `first` on.
    fn mark(&mut self, items: &[Item], call: &Awaited, first: usize) -> Vec<Awaited> {
        let mut marked = Vec::with_capacity(items.len());
        for items in items.chunk_by(|left, right| Arc::ptr_eq(&left.lookup, &right.lookup)) {
            let references = self.under_way.entry(items[0].lookup.clone()).or_default();
            for item in items {
                let awaited = Awaited { position: first + marked.len(), ..call.clone() };
                references.insert(item.reference.clone(), awaited.clone());
                marked.push(awaited);
            }
        }
        marked
    }
}

/// Takes the references of a call off the list when it ends, however it ends.
struct Landing {
    lookups: Arc<Lookups>,
    group: Group,
    id: u64,
    items: Vec<Item>,
}

impl Drop for Landing {
    fn drop(&mut self) {
        let mut state = self.lookups.lock();
        for items in self.items.chunk_by(|left, right| Arc::ptr_eq(&left.lookup, &right.lookup)) {
            let Some(references) = state.under_way.get_mut(&items[0].lookup) else { continue };
            for item in items {
                if references.get(&item.reference).is_some_and(|awaited| awaited.id == self.id) {
                    references.remove(&item.reference);
                }
            }
            if references.is_empty() {
                state.under_way.remove(&items[0].lookup);
            }
        }
        if let Some(calls) = state.calls.get_mut(&self.group) {
            *calls -= 1;
            if *calls == 0 {
                state.calls.remove(&self.group);
            }
        }
    }
}

fn items(group: &Group, wanted: Vec<Wanted>, travel: &Travel, changes: u64) -> Vec<Item> {
    let mut items = Vec::new();
    for Wanted { selection, values, references } in wanted {
        let names = selection.variables.iter().map(|(name, _)| name.clone());
        let lookup = Arc::new(Lookup {
            service: group.service.clone(),
            identity: group.identity.clone(),
            values: names.zip(values).collect(),
            selection,
            scope: group.scope,
            changes,
        });
        let item = |reference| Item { lookup: lookup.clone(), reference, request: travel.execution };
        items.extend(references.into_iter().map(item));
    }
    items
}

/// Definition and value of each.
fn variables(wanted: &[Wanted]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for wanted in wanted {
        for ((_, definition), value) in wanted.selection.variables.iter().zip(&wanted.values) {
            if !all.iter().any(|(known, _)| known == definition) {
                all.push((definition.clone(), value.clone()));
            }
        }
    }
    all.sort_unstable();
    all
}

/// Whether no two fragments would have one name.
fn joinable(batch: &[Item], new: &[Item]) -> bool {
    let fragments = |items: &[Item]| -> Vec<Arc<Lookup>> {
        let lookups =
            items.chunk_by(|left, right| Arc::ptr_eq(&left.lookup, &right.lookup)).map(|items| &items[0].lookup);
        lookups.filter(|lookup| !lookup.selection.fragments.is_empty()).cloned().collect()
    };
    let (known, new) = (fragments(batch), fragments(new));
    new.iter().all(|new| known.iter().all(|known| known.selection.joins(&new.selection)))
}

//! Executes a plan: starts every step whose inputs exist, merges its answer, and goes on until none is left.
//!
//! All of it is one task. Requests are concurrent, the response tree has one owner and no lock.

mod blame;
mod known;
mod locate;
mod merge;
mod read;
mod references;
mod schedule;
mod source;
mod trip;

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::sleep_until;

use crate::{
    calls::{Calls, Found, SubgraphAnswer, Travel},
    canonical::Keys,
    error::GraphqlError,
    plan::{Asks, Lookup, Plan, Step},
    schema::Schema,
    settings::HidesCallers,
    tree::{Node, Tree},
    variables::Variables,
};
use blame::Blame;
use known::Known;
use read::{Reader, Remembered};
use references::References;
use schedule::Schedule;
pub(crate) use source::{execute_event, fault, open};
use trip::{Came, Ended, Trip};

/// Errors of subgraphs in one response. An error about a reference is listed at each place that the reference fills.
const MAX_ERRORS: usize = 1_000;

/// What execution reads and never changes.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The schema with inaccessible types: a reference can be of one.
    pub(crate) full: &'a Schema,
    pub(crate) calls: &'a Calls,
    pub(crate) keys: &'a Keys,
    pub(crate) variables: &'a Variables,
    pub(crate) travel: &'a Travel,
    /// For what is asked as if nobody in particular asked.
    pub(crate) anonymous: &'a Travel,
}

/// Data under the keys of the canonical operation, errors under those of the client's.
#[derive(Default)]
pub(crate) struct Executed {
    pub(crate) tree: Tree,
    pub(crate) errors: Vec<GraphqlError>,
}

struct Execution<'a> {
    plan: &'a Plan,
    context: Context<'a>,
    executed: Executed,
    known: Known<'a>,
}

pub(crate) async fn execute(plan: &Plan, context: Context<'_>) -> Executed {
    run_all(plan, context, None).await
}

/// Executes what is left of a plan, of which one step may have ended already.
async fn run_all(plan: &Plan, context: Context<'_>, ended: Option<Ended>) -> Executed {
    let mut execution = Execution::new(plan, context);
    let mut schedule = Schedule::new(plan);
    let mut running = FuturesUnordered::new();
    if let Some(ended) = ended {
        schedule.skip(&ended);
        execution.finish(&ended, &mut schedule);
    }
    loop {
        while let Some(step) = schedule.next_ready() {
            execution.prepare(step, &mut schedule);
        }
        for trip in schedule.departures(context.calls) {
            running.push(trip.make(plan, context));
        }
        let ended = match schedule.wakes_at() {
            Some(at) => tokio::select! {
                ended = running.next() => ended,
                () = sleep_until(at) => continue,
            },
            None => running.next().await,
        };
        let Some(ended) = ended else { break };
        execution.finish(&ended, &mut schedule);
    }
    execution.executed
}

impl<'a> Execution<'a> {
    fn new(plan: &'a Plan, context: Context<'a>) -> Self {
        let tree = Tree::new(plan.layouts[0].slots.len());
        Self { plan, context, executed: Executed { tree, errors: Vec::new() }, known: Known::default() }
    }

    /// Finds out what a step asks for. It ends at once where that is nothing: no object at the path, none that the step
    /// can identify, or only such as are known already.
    fn prepare(&mut self, position: usize, schedule: &mut Schedule<'a>) {
        let step = &self.plan.steps[position];
        let targets = locate::locate(&self.executed.tree, step, self.plan);
        let Asks::References(lookup) = &step.asks else {
            return if targets.is_empty() {
                schedule.ended(position);
            } else {
                schedule.departs(Trip::Root { step: position, targets });
            };
        };
        let mut references = References::of(&self.executed.tree, &targets, lookup, self.context.full);
        self.fill_known(step, lookup, &mut references);
        if references.is_empty() {
            schedule.ended(position);
        } else {
            schedule.looks_up(position, references, self.context.is_anonymous(step));
        }
    }

    fn fill_known(&mut self, step: &Step, lookup: &Lookup, references: &mut References) {
        let Some(known) = self.known.of(&step.service, &lookup.selection) else { return };
        for (text, targets) in references.take_known(known) {
            let body = self.executed.tree.body(text.body);
            let read =
                Reader::new(self.plan, self.context.full, &mut self.executed.tree, &body).read(text.start, step.shape);
            if let Some(Node::Object(object)) = read {
                self.merge(step, object, &targets);
            }
        }
    }

    fn finish(&mut self, ended: &Ended, schedule: &mut Schedule<'a>) {
        for came in ended {
            let step = &self.plan.steps[came.step()];
            match came {
                Came::Root { targets, answered, .. } => {
                    if let Ok(answer) = &**answered {
                        self.take_root(step, answer, targets);
                    }
                }
                Came::References { references, found, .. } => self.take_references(step, references, found),
            }
            let room = MAX_ERRORS.saturating_sub(self.executed.errors.len());
            let Execution { plan, context: Context { keys, .. }, executed: Executed { tree, .. }, .. } = self;
            let blame = Blame { plan, step, tree, keys, room };
            self.executed.errors.extend(blame.errors(came).into_iter().take(room));
            schedule.ended(came.step());
        }
    }

    fn take_root(&mut self, step: &Step, answer: &SubgraphAnswer, targets: &[u32]) {
        let Some(start) = answer.data.and_then(|start| u32::try_from(start).ok()) else { return };
        let mut reader = Reader::new(self.plan, self.context.full, &mut self.executed.tree, &answer.body);
        let read = reader.read(start, step.shape);
        let remembered = reader.into_remembered();
        if answer.errors.is_empty() {
            self.remember(&remembered);
        }
        if let Some(Node::Object(object)) = read {
            self.merge(step, object, targets);
        }
    }

    fn take_references(&mut self, step: &'a Step, references: &References, found: &[Found]) {
        let selection = step.lookup().filter(|_| step.repeated).map(|lookup| &lookup.selection);
        for (reference, found) in found.iter().enumerate() {
            let Ok(answer) = &found.part.outcome else { continue };
            let Some(start) = answer.items.get(found.list).and_then(|items| items.get(found.index)) else { continue };
            let mut reader = Reader::new(self.plan, self.context.full, &mut self.executed.tree, &answer.body);
            let read = reader.read(*start, step.shape);
            let text = reader.text_from(*start);
            let remembered = reader.into_remembered();
            if answer.errors.is_empty() {
                self.remember(&remembered);
                if let Some(selection) = selection {
                    self.known.add(&step.service, selection, references.json(reference), text);
                }
            }
            if let Some(Node::Object(object)) = read {
                self.merge(step, object, references.targets(reference));
            }
        }
    }

    fn remember(&mut self, remembered: &[Remembered]) {
        for Remembered { shape, object, text } in remembered {
            for reuse in self.plan.reuses.iter().filter(|reuse| reuse.shape == *shape) {
                if let Some(json) =
                    references::of(&self.executed.tree, *object, &reuse.template, &[], self.context.full)
                {
                    self.known.add(&reuse.service, &reuse.selection, &json, *text);
                }
            }
        }
    }

    fn merge(&mut self, step: &Step, object: u32, targets: &[u32]) {
        let several = targets.len() > 1;
        self.executed.tree.shared |= several;
        for target in targets {
            let merge = merge::Merge { plan: self.plan, full: self.context.full, copies: several };
            merge.objects(&mut self.executed.tree, step.layout, *target, object);
        }
    }
}

impl<'a> Context<'a> {
    fn is_anonymous(&self, step: &Step) -> bool {
        step.public
            && step.is_query()
            && match self.calls.hides_callers(&step.service) {
                HidesCallers::Never => false,
                HidesCallers::References => step.lookup().is_some(),
                HidesCallers::Always => true,
            }
    }

    fn travel_of(&self, step: &Step) -> &'a Travel {
        if self.is_anonymous(step) { self.anonymous } else { self.travel }
    }
}

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
mod share;
mod source;
mod trip;

use std::{borrow::Cow, collections::HashSet, sync::Arc};

use bytes::Bytes;
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, sleep_until};

use crate::{
    calls::{Calls, Found, SubgraphAnswer, Travel},
    error::{GraphqlError, PathSegment},
    operation::Name,
    plan::{Asks, Lookup, Plan, Step},
    project::{Output, Projection, Written},
    schema::Schema,
    settings::HidesCallers,
    tree::Tree,
    variables::Variables,
};
use blame::Blame;
use known::Known;
use read::{Reader, Remembered};
use references::{Maker, References};
use schedule::Schedule;
pub(crate) use share::Branches;
use share::{Following, Progress};
pub(crate) use source::{execute_event, fault, open};
use trip::{Came, Ended, Trip};

/// Errors of subgraphs in one response. An error about a reference is listed at each place that the reference fills.
const MAX_ERRORS: usize = 1_000;

/// What execution reads and never changes.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) calls: &'a Calls,
    pub(crate) variables: &'a Variables,
    pub(crate) travel: &'a Travel,
    /// For what is asked as if nobody in particular asked.
    pub(crate) anonymous: &'a Travel,
    /// `None` where executions share nothing.
    pub(crate) branches: Option<&'a Branches>,
    /// The number of the operation as it is prepared.
    pub(crate) prepared: u64,
    pub(crate) output: &'a Output,
    pub(crate) projection: Projection<'a>,
}

/// Data under the keys of the canonical operation, errors under those of the client's.
#[derive(Default)]
pub(crate) struct Executed {
    pub(crate) tree: Tree,
    pub(crate) errors: Vec<GraphqlError>,
    /// Branches of the plan that are neither in the tree nor among the errors.
    pub(crate) written: Vec<Arc<Written>>,
}

struct Execution<'a> {
    plan: &'a Plan,
    context: Context<'a>,
    executed: Executed,
    known: Known<'a>,
    /// Of each branch of the plan.
    progress: Vec<Progress>,
    following: Vec<Following>,
    told: HashSet<Told>,
}

/// Path, message and subgraph of an error.
type Told = (Option<Vec<PathSegment>>, Cow<'static, str>, Option<Name>);

pub(crate) async fn execute(plan: &Plan, context: Context<'_>) -> Executed {
    run_all(plan, context, Vec::new()).await
}

/// Executes what is left of a plan, of which one step may have ended already.
async fn run_all(plan: &Plan, context: Context<'_>, ended: Ended) -> Executed {
    let mut execution = Execution::new(plan, context);
    let mut schedule = Schedule::new(plan);
    let (mut running, mut followed) = (FuturesUnordered::new(), FuturesUnordered::new());
    schedule.skip(&ended);
    execution.finish_all(ended, &mut schedule);
    loop {
        while let Some(step) = schedule.next_ready() {
            execution.prepare(step, &mut schedule);
        }
        execution.end_branches(&schedule);
        for trip in schedule.departures(context.calls) {
            running.push(trip.make(plan, context));
        }
        for following in execution.following.drain(..) {
            followed.push(following.wait(context));
        }
        let wakes_at = schedule.wakes_at();
        tokio::select! {
            Some(ended) = running.next() => execution.finish_all(ended, &mut schedule),
            Some((following, written)) = followed.next() => execution.take_over(following, written, &mut schedule),
            () = sleep_until(wakes_at.unwrap_or_else(Instant::now)), if wakes_at.is_some() => {}
            else => break,
        }
    }
    execution.executed()
}

impl<'a> Execution<'a> {
    fn new(plan: &'a Plan, context: Context<'a>) -> Self {
        let tree = Tree::new(plan.layouts[0].slots.len(), plan.nodes.get());
        Self {
            plan,
            context,
            executed: Executed { tree, ..Executed::default() },
            known: Known::default(),
            progress: plan.branches.iter().map(|_| Progress::Alone).collect(),
            following: Vec::new(),
            told: HashSet::new(),
        }
    }

    fn executed(mut self) -> Executed {
        let written = self.progress.into_iter().filter_map(|progress| match progress {
            Progress::Written(written) => Some(written),
            Progress::Alone | Progress::Leads(..) => None,
        });
        self.executed.written = written.collect();
        self.plan.nodes.was(self.executed.tree.node_count());
        self.executed
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
        let mut references = References::of(&self.executed.tree, &targets, lookup, self.context.full());
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
            Reader::new(self.plan, self.context.full(), &mut self.executed.tree, &body).put(text.start, step, &targets);
        }
    }

    fn finish_all(&mut self, ended: Ended, schedule: &mut Schedule<'a>) {
        for came in ended {
            self.finish(came, schedule);
        }
    }

    fn finish(&mut self, came: Came, schedule: &mut Schedule<'a>) {
        let Some(came) = self.begin_branch(came, schedule) else { return };
        let position = came.step();
        let step = &self.plan.steps[position];
        match &came {
            Came::Root { targets, answered, .. } => {
                if let Ok(answer) = &**answered {
                    self.take_root(step, answer, targets);
                }
            }
            Came::References { references, found, .. } => self.take_references(step, references, found),
        }
        self.blame(step, position, &came);
        schedule.ended(position);
    }

    /// Two steps that look up the same for one place would tell of one error twice.
    fn blame(&mut self, step: &Step, position: usize, came: &Came) {
        let count = self.executed.errors.len() + self.progress.iter().map(Progress::error_count).sum::<usize>();
        let room = MAX_ERRORS.saturating_sub(count);
        let keys = self.context.projection.keys;
        let errors = Blame { plan: self.plan, step, tree: &self.executed.tree, keys, room }.errors(came);
        let branch = self.plan.branches.iter().position(|branch| branch.steps.contains(&position));
        let own = branch.and_then(|branch| self.progress[branch].errors()).unwrap_or(&mut self.executed.errors);
        for error in errors.into_iter().take(room) {
            let told = (error.path.clone(), error.message.clone(), error.service.clone());
            if self.told.insert(told) {
                own.push(error);
            }
        }
    }

    fn take_root(&mut self, step: &Step, answer: &SubgraphAnswer, targets: &[u32]) {
        let Some(start) = answer.data.and_then(|start| u32::try_from(start).ok()) else { return };
        let mut reader = Reader::new(self.plan, self.context.full(), &mut self.executed.tree, &answer.body);
        reader.put(start, step, targets);
        let remembered = reader.into_remembered();
        if answer.errors.is_empty() {
            self.remember(&remembered);
        }
    }

    fn take_references(&mut self, step: &'a Step, references: &References, found: &[Found]) {
        let selection = step.lookup().filter(|_| step.repeated).map(|lookup| &lookup.selection);
        let mut reference = 0..;
        for of_part in found.chunk_by(|left, right| Arc::ptr_eq(&left.part, &right.part)) {
            let own = reference.by_ref().take(of_part.len());
            let Ok(answer) = &of_part[0].part.outcome else {
                own.for_each(drop);
                continue;
            };
            let mut reader = Reader::new(self.plan, self.context.full(), &mut self.executed.tree, &answer.body);
            let stays = answer.errors.is_empty();
            for (reference, found) in own.zip(of_part) {
                let start = answer.items.get(found.list).and_then(|items| items.get(found.index));
                let Some(start) = start else { continue };
                reader.put(*start, step, references.targets(reference));
                if let Some(selection) = selection.filter(|_| stays) {
                    let json = references.all()[reference].clone();
                    self.known.add(&step.service, selection, json, reader.text_from(*start));
                }
            }
            let remembered = reader.into_remembered();
            if stays {
                self.remember(&remembered);
            }
        }
    }

    fn remember(&mut self, remembered: &[Remembered]) {
        for reuse in &self.plan.reuses {
            let mut maker = Maker::new(&self.executed.tree, self.context.full(), &reuse.template, &[]);
            let (mut references, mut made) = (Vec::new(), Vec::new());
            for Remembered { object, text, .. } in remembered.iter().filter(|object| object.shape == reuse.shape) {
                let start = references.len();
                if maker.write(*object, &mut references).is_some() {
                    made.push((start..references.len(), *text));
                }
            }
            let references = Bytes::from(references);
            for (place, text) in made {
                self.known.add(&reuse.service, &reuse.selection, references.slice(place), text);
            }
        }
    }
}

impl<'a> Context<'a> {
    /// The schema with inaccessible types: a reference can be of one.
    fn full(&self) -> &'a Schema {
        &self.projection.supergraph.full
    }

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

//! Executes a plan: starts every step whose inputs exist, merges its answer, and goes on until none is left.
//!
//! All of it is one task. Requests are concurrent, the response tree has one owner and no lock.

mod answer;
mod blame;
mod locate;
mod merge;
mod references;
mod rewrite;
mod send;
mod source;

use futures_util::{StreamExt, stream::FuturesUnordered};

use crate::{
    canonical::Keys,
    clients::Clients,
    error::GraphqlError,
    operation::OperationKind,
    plan::{Plan, Step},
    request::Caller,
    schema::Schema,
    tree::{Node, Object},
    variables::Variables,
};
use blame::Blame;
use locate::Location;
use references::References;
use send::{Batch, Sender};
pub(crate) use source::{execute_event, fault, open};

/// Errors of subgraphs in one response. An error about a reference is listed at each place that the reference fills.
const MAX_ERRORS: usize = 1_000;

/// What execution reads and never changes.
pub(crate) struct Context<'a> {
    /// The schema with inaccessible types: a reference can be of one.
    pub(crate) full: &'a Schema,
    pub(crate) clients: &'a Clients,
    pub(crate) keys: &'a Keys,
    pub(crate) variables: &'a Variables,
    pub(crate) caller: &'a Caller,
    /// References in one request.
    pub(crate) max_batch: usize,
}

/// Data under the keys of the canonical operation, errors under those of the client's.
pub(crate) struct Executed {
    pub(crate) data: Node,
    pub(crate) errors: Vec<GraphqlError>,
}

impl Default for Executed {
    fn default() -> Self {
        Self { data: Node::Object(Object::default()), errors: Vec::new() }
    }
}

struct Execution<'a> {
    context: &'a Context<'a>,
    executed: Executed,
}

/// What a step asks for, and where the answer goes.
enum Inputs {
    Root(Vec<Location>),
    References(References),
}

struct Ended {
    step: usize,
    inputs: Inputs,
    batches: Vec<Batch>,
}

pub(crate) async fn execute(plan: &Plan, context: &Context<'_>) -> Executed {
    run_all(plan, context, None).await
}

/// Executes what is left of a plan, of which one step may have ended already.
async fn run_all(plan: &Plan, context: &Context<'_>, ended: Option<Ended>) -> Executed {
    let mut execution = Execution { context, executed: Executed::default() };
    let mut missing: Vec<usize> = plan.steps.iter().map(|step| step.depends_on.len()).collect();
    let mut ready: Vec<usize> = (0..missing.len()).filter(|step| missing[*step] == 0).collect();
    if let Some(ended) = ended {
        ready.retain(|step| *step != ended.step);
        release(plan, ended.step, &mut missing, &mut ready);
        execution.finish(&plan.steps[ended.step], ended);
    }
    let mut running = FuturesUnordered::new();
    loop {
        while let Some(position) = ready.pop() {
            let step = &plan.steps[position];
            match execution.inputs(step) {
                Some(inputs) => running.push(run(position, step, inputs, context)),
                None => release(plan, position, &mut missing, &mut ready),
            }
        }
        let Some(ended) = running.next().await else {
            break;
        };
        release(plan, ended.step, &mut missing, &mut ready);
        execution.finish(&plan.steps[ended.step], ended);
    }
    execution.executed
}

fn release(plan: &Plan, ended: usize, missing: &mut [usize], ready: &mut Vec<usize>) {
    for (position, step) in plan.steps.iter().enumerate() {
        let released = step.depends_on.iter().filter(|step| **step == ended).count();
        if released > 0 {
            missing[position] -= released;
            if missing[position] == 0 {
                ready.push(position);
            }
        }
    }
}

async fn run(step_position: usize, step: &Step, inputs: Inputs, context: &Context<'_>) -> Ended {
    let sender = Sender { step, context };
    let batches = match &inputs {
        Inputs::Root(_) => vec![sender.root().await],
        Inputs::References(references) => sender.references(&references.json).await,
    };
    Ended { step: step_position, inputs, batches }
}

impl Execution<'_> {
    /// `None` where there is nothing to ask: no object at the path, or none that the step can identify.
    fn inputs(&self, step: &Step) -> Option<Inputs> {
        let targets = locate::locate(&self.executed.data, &step.path, self.context.full);
        let Some(requires) = &step.requires else {
            return (!targets.is_empty()).then_some(Inputs::Root(targets));
        };
        let mut references = References::default();
        for target in targets {
            if let Some(Node::Object(object)) = locate::get(&self.executed.data, &target) {
                references.add(object, target, requires, &step.input_rewrites, self.context.full);
            }
        }
        (!references.json.is_empty()).then_some(Inputs::References(references))
    }

    fn finish(&mut self, step: &Step, ended: Ended) {
        let Ended { inputs, batches, .. } = ended;
        let blame = Blame { step, inputs: &inputs, keys: self.context.keys };
        let room = MAX_ERRORS.saturating_sub(self.executed.errors.len());
        self.executed.errors.extend(blame.errors(&batches).into_iter().take(room));
        for batch in batches {
            let Ok(answer) = batch.outcome else { continue };
            match &inputs {
                Inputs::Root(targets) => self.merge(step, answer.data, targets),
                Inputs::References(references) => {
                    let targets = &references.targets[batch.references];
                    for (node, targets) in answer.into_entities().into_iter().zip(targets) {
                        self.merge(step, node, targets);
                    }
                }
            }
        }
    }

    fn merge(&mut self, step: &Step, mut node: Node, targets: &[Location]) {
        for rewrite in &step.output_rewrites {
            rewrite::apply(rewrite, &mut node, self.context.full);
        }
        let Some((last, others)) = targets.split_last() else {
            return;
        };
        for target in others {
            self.merge_at(target, node.clone());
        }
        self.merge_at(last, node);
    }

    fn merge_at(&mut self, target: &Location, node: Node) {
        if let Some(known) = locate::get_mut(&mut self.executed.data, target) {
            merge::merge(known, node, self.context.full);
        }
    }
}

impl Step {
    /// Whether the step may be sent again, or in parts.
    fn is_query(&self) -> bool {
        self.kind == OperationKind::Query
    }
}

//! Branches of concurrent executions that have become equal: one of them goes on, the others take what it wrote.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use tokio::time::timeout_at;

use super::{Context, Execution, schedule::Schedule, trip::Came};
use crate::{
    calls::{Answered, Identity, SubgraphAnswer},
    error::GraphqlError,
    flights::{Flights, Flying, Lead, Turn},
    plan::{Branch, Plan},
    project::{self, Written},
    tree::Tree,
};

/// What executions of one gateway share.
pub(crate) type Branches = Flights<BranchKey, Arc<Written>>;

/// All on which depends what comes after the first answer of a branch, and how it is written.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct BranchKey {
    /// An operation that is prepared differently has another number.
    prepared: u64,
    branch: usize,
    answer: Answer,
    variables: Vec<String>,
    identity: Arc<Identity>,
    changes: u64,
}

/// An answer of a subgraph, by its bytes.
#[derive(Clone)]
struct Answer(Arc<Answered>);

/// How far one execution is with one of its branches.
pub(super) enum Progress {
    /// It executes the branch for nobody else.
    Alone,
    /// For others too, and keeps its errors for them.
    Leads(Lead<BranchKey, Arc<Written>>, Vec<GraphqlError>),
    Written(Arc<Written>),
}

impl Progress {
    /// After the first answer. `Err` where another execution has come as far.
    pub(super) fn after(
        answered: &Arc<Answered>,
        position: usize,
        plan: &Plan,
        context: Context<'_>,
    ) -> Result<Self, Flying<Arc<Written>>> {
        let Some(branches) =
            context.branches.filter(|_| answered.is_ok() && !context.travel.deadline.remaining().is_zero())
        else {
            return Ok(Self::Alone);
        };
        let branch = &plan.branches[position];
        let public = branch.steps.iter().all(|step| context.is_anonymous(&plan.steps[*step]));
        let key = BranchKey {
            prepared: context.prepared,
            branch: position,
            answer: Answer(answered.clone()),
            variables: branch.variables.iter().map(|name| context.variables.json(name)).collect(),
            identity: if public { &context.anonymous.identity } else { &context.travel.identity }.clone(),
            changes: context.calls.changes(),
        };
        match branches.turn(key, context.travel.deadline) {
            Turn::Lead(lead) => Ok(Self::Leads(lead, Vec::new())),
            Turn::Alone => Ok(Self::Alone),
            Turn::Follow(flying) => Err(flying),
        }
    }

    /// The errors of this execution in the branch, where they are kept.
    pub(super) fn errors(&mut self) -> Option<&mut Vec<GraphqlError>> {
        match self {
            Self::Leads(_, errors) => Some(errors),
            Self::Alone | Self::Written(_) => None,
        }
    }

    pub(super) fn error_count(&self) -> usize {
        match self {
            Self::Alone => 0,
            Self::Leads(_, errors) => errors.len(),
            Self::Written(written) => written.error_count(),
        }
    }

    /// Hands the branch, which has ended, to those who follow.
    pub(super) fn end(&mut self, tree: &Tree, branch: &Branch, context: Context<'_>) {
        *self = match std::mem::replace(self, Self::Alone) {
            Self::Leads(lead, errors) => {
                let Context { output, projection, .. } = context;
                let written = Arc::new(project::project_branch(output, tree, &branch.slots, errors, projection));
                lead.end(written.clone());
                Self::Written(written)
            }
            other => other,
        };
    }
}

/// A branch that another execution goes on with, and the answer from which this one would.
pub(super) struct Following {
    branch: usize,
    came: Came,
    written: Flying<Arc<Written>>,
}

impl Following {
    /// `None` where who leads has given up, or takes too long.
    pub(super) async fn wait(mut self, context: Context<'_>) -> (Self, Option<Arc<Written>>) {
        let written = timeout_at(context.travel.deadline.at(), &mut self.written).await;
        (self, written.ok().flatten())
    }
}

impl<'a> Execution<'a> {
    /// Gives the answer back unless another execution goes on from one like it.
    pub(super) fn begin_branch(&mut self, came: Came, schedule: &mut Schedule<'a>) -> Option<Came> {
        let Came::Root { step, answered, .. } = &came else { return Some(came) };
        let Some(branch) = self.plan.branches.iter().position(|branch| branch.first == *step) else {
            return Some(came);
        };
        match Progress::after(answered, branch, self.plan, self.context) {
            Ok(progress) => {
                self.progress[branch] = progress;
                Some(came)
            }
            Err(written) => {
                schedule.is_followed(*step);
                self.following.push(Following { branch, came, written });
                None
            }
        }
    }

    pub(super) fn take_over(
        &mut self,
        following: Following,
        written: Option<Arc<Written>>,
        schedule: &mut Schedule<'a>,
    ) {
        match written {
            Some(written) => self.progress[following.branch] = Progress::Written(written),
            None => self.finish(following.came, schedule),
        }
    }

    pub(super) fn end_branches(&mut self, schedule: &Schedule<'a>) {
        for (branch, progress) in self.plan.branches.iter().zip(&mut self.progress) {
            if schedule.have_ended(&branch.steps) {
                progress.end(&self.executed.tree, branch, self.context);
            }
        }
    }
}

impl Answer {
    fn body(&self) -> &[u8] {
        self.0.as_ref().as_ref().map(|SubgraphAnswer { body, .. }| &*body.text).unwrap_or_default()
    }
}

impl PartialEq for Answer {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.body() == other.body()
    }
}

impl Eq for Answer {}

impl Hash for Answer {
    /// Of the beginning: what differs there most often differs as a whole, and equality looks at all of it.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let body = self.body();
        (body.len(), &body[..body.len().min(256)]).hash(state);
    }
}

//! The step of a subscription whose answers are events: opened once, and each event the beginning of an execution.

use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;
use client::{ClientError, Events};

use super::{
    Context, Executed, run_all,
    trip::{Came, body},
};
use crate::{
    calls::{Failure, SubgraphAnswer},
    error::{GraphqlError, code},
    plan::{Plan, Step},
    tree::ROOT,
};

/// Opens the stream of events of a step. The caller's deadline bounds the opening.
pub(crate) async fn open(step: &Step, context: Context<'_>) -> Result<Events, ClientError> {
    context.calls.subscribe(&step.service, body(step, context), context.travel_of(step)).await
}

/// Executes a plan from its step `source` on, whose answer is `event`.
pub(crate) async fn execute_event(plan: &Plan, source: usize, event: Bytes, context: Context<'_>) -> Executed {
    let answered = SubgraphAnswer::read(event, &[]).ok_or_else(Failure::not_graphql);
    let came = Came::Root { step: source, targets: vec![ROOT], answered: Arc::new(answered) };
    run_all(plan, context, vec![came]).await
}

/// Why a stream of events did not open, or broke: about no event, and so without a path.
pub(crate) fn fault(step: &Step, error: &ClientError) -> GraphqlError {
    let failure = Failure::new(error);
    let mut fault = GraphqlError::new(code::SUBGRAPH_UNAVAILABLE, failure.message).of_service(&step.service);
    fault.code = Cow::Owned(failure.code);
    fault
}

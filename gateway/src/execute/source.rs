//! The step of a subscription whose answers are events: opened once, and each event the beginning of an execution.

use std::borrow::Cow;

use bytes::Bytes;
use client::{ClientError, Events};

use super::{
    Context, Ended, Executed, Inputs, run_all,
    send::{Batch, Failure, Sender},
};
use crate::{
    error::{GraphqlError, code},
    plan::{Plan, Step},
};

/// Opens the stream of events of a step. The caller's deadline bounds the opening.
pub(crate) async fn open(step: &Step, context: &Context<'_>) -> Result<Events, ClientError> {
    let body = Sender { step, context }.body(None);
    context.clients.subscribe(&step.service, body, context.caller).await
}

/// Executes a plan from its step `source` on, whose answer is `event`.
pub(crate) async fn execute_event(plan: &Plan, source: usize, event: &Bytes, context: &Context<'_>) -> Executed {
    let outcome = Sender { step: &plan.steps[source], context }.read(event);
    let root = Inputs::Root(vec![Vec::new()]);
    let ended = Ended { step: source, inputs: root, batches: vec![Batch { references: 0..1, outcome }] };
    run_all(plan, context, Some(ended)).await
}

/// Why a stream of events did not open, or broke: about no event, and so without a path.
pub(crate) fn fault(step: &Step, error: &ClientError) -> GraphqlError {
    let failure = Failure::new(error);
    let mut fault = GraphqlError::new(code::SUBGRAPH_UNAVAILABLE, failure.message).of_service(&step.service);
    fault.code = Cow::Owned(failure.code);
    fault
}

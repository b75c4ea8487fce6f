//! A subscription: one stream of events from one subgraph, each of them executed to its end like a query.

use std::sync::Arc;

use bytes::Bytes;
use client::{ClientError, Deadline, Events};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};

use super::{Execution, Inner, Refused};
use crate::{
    error::{GraphqlError, code},
    execute,
    plan::Plan,
    request::Caller,
};

/// Events of one stream that are executed at the same time. The client gets them in their order all the same, and no
/// more are taken from the subgraph while it does not read.
const CONCURRENT_EVENTS: usize = 4;

/// A subscription that has passed all that a query has to pass before it is executed. No subgraph knows of it yet.
pub struct Subscription(Arc<Shared>);

/// What the opening and every event need.
struct Shared {
    inner: Arc<Inner>,
    execution: Execution,
    plan: Arc<Plan>,
    /// The step that is the stream.
    source: usize,
    expires_at: Option<Deadline>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The complete JSON of an execution result.
    Next(Bytes),
    /// The stream did not open, or broke: the last event, a JSON list of errors.
    Fault(Bytes),
}

impl Subscription {
    pub(super) fn new(inner: Arc<Inner>, execution: Execution, caller: Caller) -> Result<Self, Refused> {
        let Some(plan) = execution.prepared.plan.clone() else {
            let message = "A subscription selects one field, and not of introspection.";
            return Err(vec![GraphqlError::new(code::VALIDATION_FAILED, message)].into());
        };
        let Some(source) = plan.source() else {
            return Err(Refused::internal("The subscription could not be planned."));
        };
        Ok(Self(Arc::new(Shared { inner, execution, plan, source, expires_at: caller.expires_at })))
    }

    /// When the caller's token ends, after which nothing may be sent.
    pub fn expires_at(&self) -> Option<Deadline> {
        self.0.expires_at
    }

    /// The events, in the subgraph's order. The subgraph is asked when the first of them is polled for, and hears that
    /// nobody listens any more when this is dropped.
    pub fn events(self) -> BoxStream<'static, Event> {
        let Self(shared) = self;
        stream::unfold(Source::New(shared.clone()), Source::next)
            .map(move |event| shared.clone().resolve(event))
            .buffered(CONCURRENT_EVENTS)
            .boxed()
    }
}

impl Shared {
    async fn open(&self) -> Result<Events, ClientError> {
        let execution = self.begin();
        execute::open(&self.plan.steps[self.source], self.inner.context(&execution)).await
    }

    async fn resolve(self: Arc<Self>, event: Result<Bytes, ClientError>) -> Event {
        match event {
            Ok(event) => Event::Next(self.execute(event).await),
            Err(error) => {
                let fault = execute::fault(&self.plan.steps[self.source], &error);
                // Strings and maps of strings always serialize.
                Event::Fault(serde_json::to_vec(&[fault]).unwrap_or_default().into())
            }
        }
    }

    async fn execute(&self, event: Bytes) -> Bytes {
        let execution = self.begin();
        let context = self.inner.context(&execution);
        let executed = execute::execute_event(&self.plan, self.source, event, context).await;
        self.inner.complete(&execution, executed).body
    }

    /// The subscriber's execution, with a deadline for the opening or for one event.
    fn begin(&self) -> Execution {
        self.execution.until(Deadline::after(self.inner.settings.operation_timeout))
    }
}

/// The subgraph's side.
enum Source {
    New(Arc<Shared>),
    Open(Box<Events>),
    Ended,
}

impl Source {
    async fn next(self) -> Option<(Result<Bytes, ClientError>, Self)> {
        let mut events = match self {
            // Boxed, so that what the opening needs is not held for as long as the stream is open.
            Self::New(shared) => match Box::pin(shared.open()).await {
                Ok(events) => Box::new(events),
                Err(error) => return Some((Err(error), Self::Ended)),
            },
            Self::Open(events) => events,
            Self::Ended => return None,
        };
        let event = events.next().await?;
        Some((event, Self::Open(events)))
    }
}

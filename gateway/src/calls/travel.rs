//! What travels with a call beside its body.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use client::Deadline;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::request::Caller;

#[derive(Debug, Clone)]
pub(crate) struct Travel {
    pub(crate) identity: Arc<Identity>,
    /// Trace context, which changes no answer. A shared call is part of the trace of who began it.
    trace: Arc<HeaderMap>,
    pub(crate) deadline: Deadline,
    /// The execution that it is for.
    pub(super) execution: u64,
}

/// The headers on which an answer may depend, repeated ones in their order.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity(Vec<(HeaderName, HeaderValue)>);

impl Travel {
    pub(crate) fn of(caller: &Caller, deadline: Deadline) -> Self {
        Self::with(caller, caller.authorization.as_ref(), deadline)
    }

    /// As anybody travels who has not signed in.
    pub(crate) fn of_anybody(caller: &Caller, deadline: Deadline) -> Self {
        Self::with(caller, None, deadline)
    }

    fn with(caller: &Caller, authorization: Option<&HeaderValue>, deadline: Deadline) -> Self {
        let forwarded = caller.forwarded.iter().map(|(name, value)| (name.clone(), value.clone()));
        let own = authorization.map(|value| (header::AUTHORIZATION, value.clone()));
        Self {
            identity: Arc::new(Identity(forwarded.chain(own).collect())),
            trace: Arc::new(caller.trace.clone()),
            deadline,
            execution: next_execution(),
        }
    }

    /// Of another execution for the same caller.
    pub(crate) fn until(&self, deadline: Deadline) -> Self {
        Self { deadline, execution: next_execution(), ..self.clone() }
    }

    pub(crate) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(self.identity.0.len() + self.trace.len() + 8);
        for (name, value) in &self.identity.0 {
            headers.append(name, value.clone());
        }
        for (name, value) in self.trace.iter() {
            headers.insert(name, value.clone());
        }
        headers
    }
}

fn next_execution() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

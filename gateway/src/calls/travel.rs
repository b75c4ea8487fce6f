//! What travels with a call beside its body.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use client::Deadline;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use service::telemetry::TraceContext;

use crate::request::Caller;

#[derive(Debug, Clone)]
pub(crate) struct Travel {
    pub(crate) identity: Arc<Identity>,
    /// Trace context, which changes no answer. A shared call is part of the trace of who began it.
    trace: TraceContext,
    pub(crate) deadline: Deadline,
    /// The execution that it is for.
    pub(super) execution: u64,
}

/// The headers on which an answer may depend, repeated ones in their order.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity(Vec<(HeaderName, HeaderValue)>);

impl Travel {
    pub(crate) fn of(caller: &Caller, deadline: Deadline) -> Self {
        let forwarded = caller.forwarded.iter().map(|(name, value)| (name.clone(), value.clone()));
        let own = caller.authorization.as_ref().map(|value| (header::AUTHORIZATION, value.clone()));
        let identity = Arc::new(Identity(forwarded.chain(own).collect()));
        Self { identity, trace: caller.trace.clone(), deadline, execution: next_execution() }
    }

    /// The same, as anybody travels who has not signed in.
    pub(crate) fn anonymous(&self) -> Self {
        let is_own = |(name, _): &&(HeaderName, HeaderValue)| *name != header::AUTHORIZATION;
        let headers = &self.identity.0;
        let identity = match headers.iter().all(|header| is_own(&header)) {
            true => self.identity.clone(),
            false => Arc::new(Identity(headers.iter().filter(is_own).cloned().collect())),
        };
        Self { identity, ..self.clone() }
    }

    /// Of another execution for the same caller.
    pub(crate) fn until(&self, deadline: Deadline) -> Self {
        Self { deadline, execution: next_execution(), ..self.clone() }
    }

    pub(crate) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(self.identity.0.len() + 8);
        for (name, value) in &self.identity.0 {
            headers.append(name, value.clone());
        }
        self.trace.write_to(&mut headers);
        headers
    }
}

fn next_execution() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

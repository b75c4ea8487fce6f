//! The client: from a caller's operation to an answer or a precise reason for none.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

mod call;
mod hedge;

pub(crate) use call::Answered;
use hedge::Hedging;

use crate::answer::{Fault, RawResponse, Response};
use crate::breaker::Breaker;
use crate::budget::Budget;
use crate::deadline::Deadline;
use crate::error::{BadResponse, BuildError, ClientError};
use crate::events::Events;
use crate::queue::Queue;
use crate::settings::ClientSettings;
use crate::stats::{Counters, Stats};
use crate::transport::Transport;

/// Queries may be sent twice, mutations may not; each has a breaker of its own, since they fail for different reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperationKind {
    Query,
    Mutation,
}

/// A GraphQL request with all that travels with it.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    pub kind: OperationKind,
    pub query: &'a str,
    pub operation_name: Option<&'a str>,
    pub variables: Value,
    pub headers: HeaderMap,
    pub deadline: Deadline,
}

/// A client of one service. Clones share the connections, the queue and the breakers.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    timeout: Duration,
    /// How long the service must have had before it counts as its failure that it did not answer.
    patience: Duration,
    event_timeout: Duration,
    max_response_bytes: usize,
    max_retries: u32,
    transport: Transport,
    queue: Queue,
    budget: Budget,
    /// Where there is more than one replica.
    hedging: Option<Hedging>,
    queries: Breaker,
    mutations: Breaker,
    counters: Counters,
}

impl Client {
    /// A client of the service `name` at `url`, and at the `urls` of its settings. Connects to nothing yet.
    ///
    /// # Errors
    /// When an URL is not one of http or https.
    pub fn new(name: &str, url: &str, settings: ClientSettings) -> Result<Self, BuildError> {
        let transport = Transport::new(url, &settings)?;
        let hedging = (transport.replicas() > 1).then(|| Hedging::new(settings.hedge_ratio));
        let breaker = |kind| Breaker::new(format!("{name} {kind}"), settings.breaker.clone());
        Ok(Self(Arc::new(Inner {
            name: name.to_owned(),
            timeout: settings.timeout,
            patience: settings.patience(),
            event_timeout: settings.event_timeout,
            max_response_bytes: settings.max_response_bytes,
            max_retries: settings.max_retries,
            transport,
            queue: Queue::new(&settings),
            budget: Budget::new(settings.retry_ratio),
            hedging,
            queries: breaker("queries"),
            mutations: breaker("mutations"),
            counters: Counters::default(),
        })))
    }

    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The first, where there are several.
    pub fn url(&self) -> &str {
        self.0.transport.url().as_str()
    }

    /// Sends `body`, a GraphQL request as JSON, and returns the answer's bytes. An answer with GraphQL errors is an
    /// answer, whatever its status. `headers` may have any of the caller's; those of its connection are left out.
    ///
    /// Ends by the earlier of `deadline` and the client's own timeout. May be dropped at any time: nothing leaks, and
    /// nothing is held against the service.
    ///
    /// # Errors
    /// All of [`ClientError`] but [`Graphql`](ClientError::Graphql).
    pub async fn send(
        &self,
        kind: OperationKind,
        body: Bytes,
        headers: HeaderMap,
        deadline: Deadline,
    ) -> Result<RawResponse, ClientError> {
        let inner = &*self.0;
        let deadline = deadline.min(Deadline::after(inner.timeout));
        let _place = inner.begin(kind, deadline).await?;
        let send = |visit| inner.transport.attempt(visit, body.clone(), &headers, deadline);
        let hedging = inner.hedging.as_ref().filter(|_| kind == OperationKind::Query);
        inner.attempts(kind, deadline, hedging, send).await
    }

    /// Sends `body`, a subscription as JSON, and returns its events, by GraphQL over server-sent events in distinct
    /// connections mode. What [`send`](Self::send) says of headers and of being dropped holds here too.
    ///
    /// `opening` bounds the time up to the response's head, and the client's own timeout does. Only the opening counts
    /// for the breaker, and takes one of the places of calls under way.
    ///
    /// # Errors
    /// All of [`ClientError`] but [`Graphql`](ClientError::Graphql).
    pub async fn subscribe(&self, body: Bytes, headers: HeaderMap, opening: Deadline) -> Result<Events, ClientError> {
        let inner = &*self.0;
        let deadline = opening.min(Deadline::after(inner.timeout));
        let _place = inner.begin(OperationKind::Query, deadline).await?;
        let send = |visit| inner.transport.open(visit, body.clone(), &headers);
        let opened = inner.attempts(OperationKind::Query, deadline, None, send).await?;
        Ok(Events::new(inner.name.clone(), opened, inner.event_timeout, inner.max_response_bytes))
    }

    /// Sends a request and parses the answer, errors and all.
    ///
    /// # Errors
    /// All of [`ClientError`] but [`Graphql`](ClientError::Graphql): the response has the errors.
    pub async fn query(&self, request: Request<'_>) -> Result<Response, ClientError> {
        let Request { kind, query, operation_name, variables, headers, deadline } = request;
        let body = json!({ "query": query, "operationName": operation_name, "variables": variables });
        let answer = self.send(kind, Bytes::from(body.to_string()), headers, deadline).await?;
        serde_json::from_slice(&answer.body).map_err(|_| self.0.bad_response(BadResponse::Malformed))
    }

    /// Sends `document` and returns its data as a `T`.
    ///
    /// # Errors
    /// All of [`ClientError`]; an answer with data *and* errors is an error too.
    pub async fn execute<T: DeserializeOwned>(
        &self,
        kind: OperationKind,
        document: &str,
        variables: Value,
        headers: HeaderMap,
        deadline: Deadline,
    ) -> Result<T, ClientError> {
        let body = json!({ "query": document, "variables": variables });
        let answer = self.send(kind, Bytes::from(body.to_string()), headers, deadline).await?;
        answer.data().map_err(|fault| match fault {
            Fault::Errors(errors) => ClientError::Graphql { service: self.0.name.clone(), errors },
            Fault::Bad(reason) => self.0.bad_response(reason),
        })
    }

    /// Counts and states as they are now.
    pub fn stats(&self) -> Stats {
        let Inner { counters, queue, queries, mutations, .. } = &*self.0;
        Stats {
            calls: counters.calls.get(),
            attempts: counters.attempts.get(),
            retries: counters.retries.get(),
            hedges: counters.hedges.get(),
            rejected: counters.rejected.get(),
            shed: counters.shed.get(),
            in_flight: queue.in_flight(),
            limit: queue.allowed(),
            queued: queue.waiting(),
            queries: queries.stats(),
            mutations: mutations.stats(),
        }
    }

    pub(crate) fn unexpected_data(&self) -> ClientError {
        self.0.bad_response(BadResponse::UnexpectedData)
    }
}

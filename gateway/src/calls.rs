//! Calls to subgraphs. Those that are equal while they are under way are made once, whoever's request they are for.

mod answer;
mod batch;
mod lookups;
mod pace;
mod travel;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use client::{BadResponse, Client, ClientError, Deadline, Events};

pub(crate) use answer::{SubgraphAnswer, SubgraphError};
pub(crate) use batch::Part;
pub(crate) use lookups::{Found, Wanted};
pub(crate) use travel::{Identity, Travel};

use crate::{
    clients::Clients,
    error::code,
    flights::Flights,
    operation::{Name, OperationKind},
    settings::{GatewaySettings, HidesCallers},
};
use lookups::Lookups;
use pace::Pace;

pub(crate) struct Calls {
    shared: Arc<Shared>,
    /// `None` where they are not shared.
    roots: Option<Flights<RootKey, Arc<Answered>>>,
    lookups: Arc<Lookups>,
}

/// What tasks need that outlive the request they were begun for.
struct Shared {
    clients: Clients,
    max_batch: usize,
    batch_across_requests: bool,
    paces: HashMap<Name, Pace>,
    /// Mutations that have ended. Who asks after one does not join who asked before: it would miss what it has changed.
    changes: AtomicU64,
}

/// All that an answer can depend on.
#[derive(Clone, PartialEq, Eq, Hash)]
struct RootKey {
    service: Name,
    identity: Arc<Identity>,
    body: Bytes,
    changes: u64,
}

pub(crate) type Answered = Result<SubgraphAnswer, Failure>;

/// Why there is no answer, in words for clients.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) message: &'static str,
}

impl Calls {
    pub(crate) fn new(clients: Clients, settings: &GatewaySettings) -> Self {
        let paces = clients.names().map(|name| (name.clone(), Pace::default())).collect();
        let &GatewaySettings { max_batch, batch_across_requests, share_subgraph_requests, .. } = settings;
        let changes = AtomicU64::new(0);
        let shared = Arc::new(Shared { clients, max_batch: max_batch.max(1), batch_across_requests, paces, changes });
        let roots = share_subgraph_requests.then(Flights::default);
        Self { lookups: Lookups::new(shared.clone()), shared, roots }
    }

    pub(crate) fn client(&self, subgraph: &str) -> Option<&Client> {
        self.shared.clients.get(subgraph)
    }

    /// Asks root fields.
    pub(crate) async fn ask(&self, service: &Name, kind: OperationKind, body: Bytes, travel: &Travel) -> Arc<Answered> {
        let Some(roots) = self.roots.as_ref().filter(|_| kind == OperationKind::Query) else {
            return Arc::new(self.shared.send(service, kind, body, travel, &[]).await);
        };
        let (identity, changes) = (travel.identity.clone(), self.changes());
        let key = RootKey { service: service.clone(), identity, body: body.clone(), changes };
        let deadline = self.shared.deadline(service, travel);
        let flying = roots.join_or_begin(key, deadline, || {
            let (shared, service, travel) = (self.shared.clone(), service.clone(), travel.clone());
            async move { Arc::new(shared.send(&service, kind, body, &travel, &[]).await) }
        });
        match tokio::time::timeout_at(travel.deadline.at(), flying).await {
            Ok(Some(answered)) => answered,
            Ok(None) => Arc::new(Err(Failure::panicked())),
            Err(_) => Arc::new(Err(Failure::late())),
        }
    }

    /// Looks references up in one subgraph, those of each of `wanted` in their order.
    pub(crate) async fn look_up(&self, service: &Name, wanted: Vec<Wanted>, travel: &Travel) -> Vec<Vec<Found>> {
        self.lookups.look_up(service, wanted, travel).await
    }

    /// Opens a stream of events. The deadline bounds the opening.
    pub(crate) async fn subscribe(&self, service: &Name, body: Bytes, travel: &Travel) -> Result<Events, ClientError> {
        self.shared.clients.subscribe(service, body, travel).await
    }

    /// Requests may be answered alike only if this was the same when they began.
    pub(crate) fn changes(&self) -> u64 {
        self.shared.changes.load(Ordering::SeqCst)
    }

    /// Whether a fetch that everybody may see is sent as if nobody in particular asked.
    pub(crate) fn hides_callers(&self, service: &str) -> HidesCallers {
        self.shared.clients.hides_callers(service)
    }

    /// How long a call to the subgraph takes at the moment; `None` before the first.
    pub(crate) fn expected(&self, service: &str) -> Option<Duration> {
        self.shared.paces.get(service)?.expected()
    }
}

impl Shared {
    /// `keys` are those of lists whose items are wanted one by one.
    async fn send(
        &self,
        service: &Name,
        kind: OperationKind,
        body: Bytes,
        travel: &Travel,
        keys: &[String],
    ) -> Answered {
        let begun = tokio::time::Instant::now();
        // On the heap, so that the tasks around it are small.
        let sent = Box::pin(self.clients.send(service, kind, body, travel)).await;
        if kind == OperationKind::Mutation {
            self.changes.fetch_add(1, Ordering::SeqCst);
        }
        if let Some(pace) = self.paces.get(service) {
            pace.took(begun.elapsed());
        }
        let response = sent.map_err(|error| Failure::new(&error))?;
        SubgraphAnswer::read(response.body, keys).ok_or_else(|| {
            tracing::warn!(%service, "subgraph sent no graphql response");
            Failure::not_graphql()
        })
    }

    fn deadline(&self, service: &str, travel: &Travel) -> Deadline {
        travel.deadline.min(Deadline::after(self.clients.timeout(service)))
    }
}

impl Failure {
    pub(crate) fn new(error: &ClientError) -> Self {
        tracing::warn!(error = %error, "subgraph call failed");
        Self {
            code: error.code().to_owned(),
            message: match error {
                ClientError::DeadlineExceeded { .. } => "The service did not answer in time.",
                ClientError::RateLimited { .. } => "The service limits the rate of calls.",
                ClientError::BadResponse { reason: BadResponse::TooLarge, .. } => {
                    "The service's response is too large."
                }
                ClientError::BadResponse { .. } => "The service sent a response that is not GraphQL.",
                ClientError::Unavailable { .. } | ClientError::Overloaded { .. } | ClientError::Graphql { .. } => {
                    "The service is unavailable."
                }
            },
        }
    }

    pub(crate) fn not_graphql() -> Self {
        let message = "The service sent a response that is not GraphQL.";
        Self { code: code::SUBGRAPH_UNAVAILABLE.to_owned(), message }
    }

    fn late() -> Self {
        Self { code: code::DEADLINE_EXCEEDED.to_owned(), message: "The service did not answer in time." }
    }

    fn panicked() -> Self {
        Self { code: code::INTERNAL.to_owned(), message: "The service could not be asked." }
    }
}

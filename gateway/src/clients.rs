//! One client for each subgraph, and the headers that travel with every call.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;
use client::{BuildError, Client, ClientError, Events, RawResponse, Unavailable};
use http::HeaderMap;

use crate::{
    calls::Travel,
    operation::{Name, OperationKind},
    settings::{GatewaySettings, HidesCallers},
    supergraph::Supergraph,
};

#[derive(Debug)]
pub(crate) struct Clients(HashMap<Name, Subgraph>);

#[derive(Debug)]
struct Subgraph {
    client: Client,
    /// Sent with every request, in place of what the caller may have sent under the same names.
    own_headers: HeaderMap,
    hides_callers: HidesCallers,
    timeout: Duration,
}

impl Clients {
    pub(crate) fn new(supergraph: &Supergraph, settings: &GatewaySettings) -> Result<Self, BuildError> {
        supergraph
            .subgraphs()
            .map(|(name, url)| {
                let (url, client, own_headers) = settings.for_subgraph(name, url);
                let hides_callers = settings.hides_callers(name);
                let timeout = client.timeout;
                let client = Client::new(name, url, client)?;
                Ok((Name::from(name), Subgraph { client, own_headers, hides_callers, timeout }))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(crate) fn get(&self, subgraph: &str) -> Option<&Client> {
        self.0.get(subgraph).map(|subgraph| &subgraph.client)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &Name> {
        self.0.keys()
    }

    pub(crate) fn hides_callers(&self, subgraph: &str) -> HidesCallers {
        self.0.get(subgraph).map(|subgraph| subgraph.hides_callers).unwrap_or_default()
    }

    /// Over one call, whatever its deadline.
    pub(crate) fn timeout(&self, subgraph: &str) -> Duration {
        self.0.get(subgraph).map_or(Duration::ZERO, |subgraph| subgraph.timeout)
    }

    /// Sends a GraphQL request to a subgraph that the plan names.
    pub(crate) async fn send(
        &self,
        subgraph: &Name,
        kind: OperationKind,
        body: Bytes,
        travel: &Travel,
    ) -> Result<RawResponse, ClientError> {
        let subgraph = self.named(subgraph)?;
        let kind = match kind {
            OperationKind::Mutation => client::OperationKind::Mutation,
            OperationKind::Query | OperationKind::Subscription => client::OperationKind::Query,
        };
        subgraph.client.send(kind, body, subgraph.headers(travel), travel.deadline).await
    }

    /// Opens the events of a subscription at a subgraph that the plan names.
    pub(crate) async fn subscribe(&self, subgraph: &Name, body: Bytes, travel: &Travel) -> Result<Events, ClientError> {
        let subgraph = self.named(subgraph)?;
        subgraph.client.subscribe(body, subgraph.headers(travel), travel.deadline).await
    }

    fn named(&self, subgraph: &Name) -> Result<&Subgraph, ClientError> {
        let missing = || ClientError::Unavailable { service: subgraph.to_string(), reason: Unavailable::Connect };
        self.0.get(subgraph).ok_or_else(missing)
    }
}

impl Subgraph {
    fn headers(&self, travel: &Travel) -> HeaderMap {
        let mut headers = travel.headers();
        for (name, value) in &self.own_headers {
            headers.insert(name, value.clone());
        }
        headers
    }
}

//! One client for each subgraph, and the headers that travel with every call.

use std::collections::HashMap;

use bytes::Bytes;
use client::{BuildError, Client, ClientError, Events, RawResponse, Unavailable};
use http::{HeaderMap, header};

use crate::{
    operation::{Name, OperationKind},
    request::Caller,
    settings::GatewaySettings,
    supergraph::Supergraph,
};

#[derive(Debug)]
pub(crate) struct Clients(HashMap<Name, Subgraph>);

#[derive(Debug)]
struct Subgraph {
    client: Client,
    /// Sent with every request, in place of what the caller may have sent under the same names.
    own_headers: HeaderMap,
}

impl Clients {
    pub(crate) fn new(supergraph: &Supergraph, settings: &GatewaySettings) -> Result<Self, BuildError> {
        supergraph
            .subgraphs()
            .map(|(name, url)| {
                let (url, client, own_headers) = settings.for_subgraph(name, url);
                Ok((Name::from(name), Subgraph { client: Client::new(name, url, client)?, own_headers }))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(crate) fn get(&self, subgraph: &str) -> Option<&Client> {
        self.0.get(subgraph).map(|subgraph| &subgraph.client)
    }

    /// Sends a GraphQL request to a subgraph that the plan names.
    pub(crate) async fn send(
        &self,
        subgraph: &Name,
        kind: OperationKind,
        body: Bytes,
        caller: &Caller,
    ) -> Result<RawResponse, ClientError> {
        let subgraph = self.named(subgraph)?;
        let kind = match kind {
            OperationKind::Mutation => client::OperationKind::Mutation,
            OperationKind::Query | OperationKind::Subscription => client::OperationKind::Query,
        };
        subgraph.client.send(kind, body, subgraph.headers(caller), caller.deadline).await
    }

    /// Opens the events of a subscription at a subgraph that the plan names.
    pub(crate) async fn subscribe(&self, subgraph: &Name, body: Bytes, caller: &Caller) -> Result<Events, ClientError> {
        let subgraph = self.named(subgraph)?;
        subgraph.client.subscribe(body, subgraph.headers(caller), caller.deadline).await
    }

    fn named(&self, subgraph: &Name) -> Result<&Subgraph, ClientError> {
        let missing = || ClientError::Unavailable { service: subgraph.to_string(), reason: Unavailable::Connect };
        self.0.get(subgraph).ok_or_else(missing)
    }
}

impl Subgraph {
    fn headers(&self, caller: &Caller) -> HeaderMap {
        let mut headers = caller.forwarded.clone();
        if let Some(authorization) = &caller.authorization {
            headers.insert(header::AUTHORIZATION, authorization.clone());
        }
        for (name, value) in &self.own_headers {
            headers.insert(name, value.clone());
        }
        headers
    }
}

//! One client for each subgraph, and the headers that travel with every call.

use std::collections::HashMap;

use bytes::Bytes;
use client::{BuildError, Client, ClientError, RawResponse};
use http::{HeaderMap, header};

use crate::{
    operation::{Name, OperationKind},
    request::Caller,
    settings::GatewaySettings,
    supergraph::Supergraph,
};

#[derive(Debug)]
pub(crate) struct Clients(HashMap<Name, Client>);

impl Clients {
    pub(crate) fn new(supergraph: &Supergraph, settings: &GatewaySettings) -> Result<Self, BuildError> {
        supergraph
            .subgraphs()
            .map(|(name, url)| {
                let (url, settings) = settings.for_subgraph(name, url);
                Ok((Name::from(name), Client::new(name, url, settings)?))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(crate) fn get(&self, subgraph: &str) -> Option<&Client> {
        self.0.get(subgraph)
    }

    /// Sends a GraphQL request to a subgraph that the plan names.
    pub(crate) async fn send(
        &self,
        subgraph: &Name,
        kind: OperationKind,
        body: Bytes,
        caller: &Caller,
    ) -> Result<RawResponse, ClientError> {
        let Some(client) = self.get(subgraph) else {
            return Err(ClientError::Unavailable {
                service: subgraph.to_string(),
                reason: client::Unavailable::Connect,
            });
        };
        let kind = match kind {
            OperationKind::Mutation => client::OperationKind::Mutation,
            OperationKind::Query | OperationKind::Subscription => client::OperationKind::Query,
        };
        client.send(kind, body, headers(caller), caller.deadline).await
    }
}

fn headers(caller: &Caller) -> HeaderMap {
    let mut headers = caller.forwarded.clone();
    if let Some(authorization) = &caller.authorization {
        headers.insert(header::AUTHORIZATION, authorization.clone());
    }
    headers
}

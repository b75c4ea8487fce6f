//! What the gateway allows itself, its callers and its subgraphs.

use std::{collections::BTreeMap, time::Duration};

use client::ClientSettings;
use document::Limits;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatewaySettings {
    pub limits: Limits,
    /// Whether `__schema` and `__type` are answered. `__typename` always is.
    pub introspection: bool,
    /// Over everything done for one operation, where the client's own deadline is not earlier.
    #[serde(with = "humantime_serde")]
    pub operation_timeout: Duration,
    /// Bytes of plans kept for operations to come.
    pub plan_cache_bytes: u64,
    /// References in one request to a subgraph; more go in several requests at once.
    pub max_batch: usize,
    /// Settings of every subgraph that `subgraphs` does not name.
    pub subgraph: ClientSettings,
    pub subgraphs: BTreeMap<String, SubgraphSettings>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SubgraphSettings {
    /// In place of the address in the supergraph.
    pub url: Option<String>,
    pub client: Option<ClientSettings>,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            introspection: true,
            operation_timeout: Duration::from_secs(10),
            plan_cache_bytes: 64 * 1024 * 1024,
            max_batch: 1_000,
            subgraph: ClientSettings::default(),
            subgraphs: BTreeMap::new(),
        }
    }
}

impl GatewaySettings {
    pub(crate) fn for_subgraph<'a>(&'a self, name: &str, url: &'a str) -> (&'a str, ClientSettings) {
        let own = self.subgraphs.get(name);
        let url = own.and_then(|own| own.url.as_deref()).unwrap_or(url);
        let client = own.and_then(|own| own.client.as_ref());
        (url, client.unwrap_or(&self.subgraph).clone())
    }
}

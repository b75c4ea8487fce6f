//! What the gateway allows itself, its callers and its subgraphs.

use std::{collections::BTreeMap, time::Duration};

use client::ClientSettings;
use document::Limits;
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::http::ForwardedHeader;

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
    /// Whether equal queries of root fields, for callers of equal headers, are sent once while they are under way, and
    /// what follows from equal answers is done once for those who have got them.
    pub share_subgraph_requests: bool,
    /// Whether references are looked up together with those of other requests, and each once while it is under way.
    pub batch_across_requests: bool,
    /// Whether equal client queries of equal callers are executed once while they are under way.
    pub share_client_requests: bool,
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
    /// What is asked without the caller's token where everybody may see it, so that all callers share the answers.
    pub hides_callers: HidesCallers,
    /// Sent with every request to this subgraph, such as the credential by which it knows its gateway.
    #[serde(skip_serializing)]
    pub headers: SecretHeaders,
}

/// Which queries of what no directive protects tell a subgraph nothing of the caller.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HidesCallers {
    #[default]
    Never,
    /// Those that look references up: the subgraph's objects are the same for everybody, though what a root field brings
    /// may depend on who asks.
    References,
    Always,
}

/// Request headers whose values are secrets: neither logged nor written out. In a name `_` stands for `-`, which the
/// name of an environment variable cannot have.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "BTreeMap<String, SecretString>")]
pub struct SecretHeaders(HeaderMap);

impl TryFrom<BTreeMap<String, SecretString>> for SecretHeaders {
    type Error = String;

    fn try_from(secrets: BTreeMap<String, SecretString>) -> Result<Self, Self::Error> {
        secrets.iter().map(|(name, secret)| secret_header(name, secret)).collect::<Result<_, _>>().map(Self)
    }
}

fn secret_header(name: &str, secret: &SecretString) -> Result<(HeaderName, HeaderValue), String> {
    let header = ForwardedHeader::try_from(name.replace('_', "-")).map_err(|wrong| format!("`{name}`: {wrong}"))?;
    let mut value = HeaderValue::from_str(secret.expose_secret())
        .map_err(|_| format!("`{name}`: its value cannot be sent in a header"))?;
    value.set_sensitive(true);
    Ok((header.name().clone(), value))
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            introspection: true,
            operation_timeout: Duration::from_secs(10),
            plan_cache_bytes: 64 * 1024 * 1024,
            max_batch: 1_000,
            share_subgraph_requests: true,
            batch_across_requests: true,
            share_client_requests: false,
            subgraph: ClientSettings::default(),
            subgraphs: BTreeMap::new(),
        }
    }
}

impl GatewaySettings {
    pub(crate) fn hides_callers(&self, name: &str) -> HidesCallers {
        self.subgraphs.get(name).map(|own| own.hides_callers).unwrap_or_default()
    }

    /// Address, client settings and own headers.
    pub(crate) fn for_subgraph<'a>(&'a self, name: &str, url: &'a str) -> (&'a str, ClientSettings, HeaderMap) {
        let own = self.subgraphs.get(name);
        let url = own.and_then(|own| own.url.as_deref()).unwrap_or(url);
        let client = own.and_then(|own| own.client.as_ref());
        let headers = own.map(|own| own.headers.0.clone()).unwrap_or_default();
        (url, client.unwrap_or(&self.subgraph).clone(), headers)
    }
}

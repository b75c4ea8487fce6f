use std::net::{Ipv4Addr, SocketAddr};

use document::Limits;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use service::{serve::ServeSettings, telemetry::TelemetrySettings, token::VerifierSettings};

use super::Subgraph;
use crate::{
    DatabaseSettings,
    outbox::EventSettings,
    server::{StreamSettings, default_limits},
};

/// Everything the subgraph `G` can be told: by file, then environment, then flags.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "")]
pub struct SubgraphSettings<G: Subgraph> {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    pub database: DatabaseSettings,
    /// Bring the database's schema up to date before serving.
    pub migrate: bool,
    /// Who signs access tokens, and where the keys are.
    pub identity: VerifierSettings,
    /// When set, only those who send it in `x-gateway-credential` are answered: the gateway, which the caller's own
    /// token still has to satisfy. Service principals need none.
    #[serde(default, skip_serializing)]
    pub gateway_credential: Option<SecretString>,
    pub limits: Limits,
    pub streams: StreamSettings,
    pub events: EventSettings,
    pub serve: ServeSettings,
    pub telemetry: TelemetrySettings,
    /// What only this subgraph has.
    pub service: G::Settings,
}

impl<G: Subgraph> Default for SubgraphSettings<G> {
    /// Loopback, embedded SQLite under `./data`, keys from `auth` on its default port.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, G::PORT)),
            database: DatabaseSettings { url: format!("sqlite://data/{}.db", G::NAME), ..DatabaseSettings::default() },
            migrate: true,
            identity: VerifierSettings::default(),
            gateway_credential: None,
            limits: default_limits(),
            streams: StreamSettings::default(),
            events: EventSettings::default(),
            serve: ServeSettings::default(),
            telemetry: TelemetrySettings::default(),
            service: G::Settings::default(),
        }
    }
}

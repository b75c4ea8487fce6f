use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use service::config::{ConfigError, load};
use service::serve::ServeSettings;
use service::telemetry::TelemetrySettings;
use service::token::VerifierSettings;

use crate::http::EdgeSettings;
use crate::pipeline::GatewaySettings;

/// All settings of a gateway process, by concern. Keys in the environment begin with `GATEWAY`, such as
/// `GATEWAY_LISTEN` and `GATEWAY_EDGE__PLAYGROUND`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub listen: SocketAddr,
    /// A composed supergraph. Either this or `subgraphs`.
    pub supergraph: Option<PathBuf>,
    /// A `supergraph.yaml`, composed at start.
    pub subgraphs: Option<PathBuf>,
    pub serve: ServeSettings,
    pub edge: EdgeSettings,
    /// How access tokens are verified. Without it none is read, and fields with an authorisation directive are denied.
    pub identity: Option<VerifierSettings>,
    pub engine: GatewaySettings,
    pub telemetry: TelemetrySettings,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 4000)),
            supergraph: None,
            subgraphs: None,
            serve: ServeSettings::default(),
            edge: EdgeSettings::default(),
            identity: None,
            engine: GatewaySettings::default(),
            telemetry: TelemetrySettings::default(),
        }
    }
}

impl Config {
    /// Loads from `file`, the environment and `flags`, later ones winning.
    ///
    /// # Errors
    /// Names the key and the value that are wrong.
    pub fn load(file: Option<&Path>, flags: impl Serialize) -> Result<Self, ConfigError> {
        load(file, "GATEWAY", flags)
    }
}

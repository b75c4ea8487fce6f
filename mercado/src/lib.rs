//! The market in one process: four subgraphs and the gateway, each on a port and a database of its own,
//! talking to each other over HTTP as they would on five machines.

mod credentials;
mod ports;
mod settings;
mod supergraph;
mod verify;

use std::{net::SocketAddr, sync::Arc};

use gateway::{http, pipeline::Gateway, pipeline::GatewayError, supergraph::SupergraphError};
use secrecy::ExposeSecret as _;
use service::{
    serve::{BindError, BoundServer},
    shutdown::Shutdown,
    token::{Verifier, VerifierError},
};
use subgraph::{BootError, Running, Subgraph, SubgraphSettings};
use tokio::task::JoinHandle;

pub use credentials::Credentials;
pub use ports::{PortTaken, Ports};
pub use settings::{Databases, MarketSettings};
pub use supergraph::compose;
pub use verify::verify;

/// A running market. Dropping it leaves the services running; [`Market::stop`] ends them.
pub struct Market {
    pub auth: Running,
    pub products: Running,
    pub inventory: Running,
    pub orders: Running,
    pub gateway: GatewayRunning,
    settings: MarketSettings,
    ports: Ports,
    credentials: Credentials,
    shutdown: Shutdown,
}

/// The gateway of a market.
pub struct GatewayRunning {
    pub address: SocketAddr,
    /// Its subgraph clients count the calls they make.
    pub gateway: Arc<Gateway>,
    /// Ends once the shutdown was asked for and the last request is answered.
    pub task: JoinHandle<()>,
}

/// Why a market did not start.
#[derive(Debug, thiserror::Error)]
pub enum MarketError {
    #[error(transparent)]
    PortTaken(#[from] PortTaken),
    #[error("{service} did not start")]
    Service { service: &'static str, source: BootError },
    #[error("the demo accounts cannot be opened")]
    DemoAccounts(#[source] subgraph::Error),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Supergraph(#[from] SupergraphError),
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    #[error(transparent)]
    Identity(#[from] VerifierError),
}

impl Market {
    /// Migrates, seeds and serves. All ports are looked at before any work is done.
    pub async fn start(settings: MarketSettings, shutdown: Shutdown) -> Result<Self, MarketError> {
        let ports = settings.ports.check()?;
        let credentials = Credentials::fresh();
        let auth = start(settings.auth(&ports, &credentials), &settings, &shutdown).await?;
        if let Some(password) = &settings.demo_password {
            auth::demo::give_passwords(&auth.database, password.expose_secret())
                .await
                .map_err(MarketError::DemoAccounts)?;
        }
        let products = start(settings.products(&ports), &settings, &shutdown).await?;
        let inventory = start(settings.inventory(&ports, &credentials), &settings, &shutdown).await?;
        let orders = start(settings.orders(&ports, &credentials), &settings, &shutdown).await?;
        let gateway = start_gateway(&settings, &ports, shutdown.clone()).await?;
        Ok(Self { auth, products, inventory, orders, gateway, settings, ports, credentials, shutdown })
    }

    /// Asks everything to stop and waits until the last request is answered and the databases are closed.
    pub async fn stop(self) {
        self.shutdown.trigger();
        if let Err(error) = self.gateway.task.await {
            tracing::error!(%error, "gateway ended badly");
        }
        for service in [self.orders, self.inventory, self.products, self.auth] {
            service.stop().await;
        }
    }

    /// What inventory was started with, for starting it again.
    pub fn inventory_settings(&self) -> SubgraphSettings<inventory::Inventory> {
        self.settings.inventory(&self.ports, &self.credentials)
    }
}

async fn start<S: Subgraph>(
    settings: SubgraphSettings<S>,
    market: &MarketSettings,
    shutdown: &Shutdown,
) -> Result<Running, MarketError> {
    let running = subgraph::boot::start::<S>(settings, shutdown.clone()).await.map_err(failed::<S>)?;
    if let Some(size) = market.seed {
        S::seed(&running.database, size).await.map_err(failed::<S>)?;
    }
    Ok(running)
}

fn failed<S: Subgraph>(source: BootError) -> MarketError {
    MarketError::Service { service: S::NAME, source }
}

/// Starts the gateway of a market whose services are, or will be, on these ports.
pub async fn start_gateway(
    settings: &MarketSettings,
    ports: &Ports,
    shutdown: Shutdown,
) -> Result<GatewayRunning, MarketError> {
    let gateway = Arc::new(Gateway::new(compose(ports)?, settings.engine())?);
    let verifier = Verifier::new(settings.identity(ports))?;
    let site = http::site(Arc::clone(&gateway), settings.edge(), Some(verifier), shutdown.clone());
    let server = BoundServer::bind(ports.address(ports.gateway), &settings.serve).await?;
    let address = server.local_addr();
    Ok(GatewayRunning { address, gateway, task: tokio::spawn(server.run(site, shutdown)) })
}

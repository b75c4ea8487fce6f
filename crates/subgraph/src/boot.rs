//! From command line to listening port, the same for every subgraph.

mod command;
mod settings;

use std::{future::Future, net::SocketAddr};

use axum::Router;
use futures_util::future::{OptionFuture, join};
use sea_orm::DbErr;
use sea_orm_migration::MigratorTrait;
use serde::{Serialize, de::DeserializeOwned};
use service::{
    config::ConfigError,
    health::Health,
    serve::{BindError, BoundServer},
    shutdown::Shutdown,
    telemetry::TelemetryError,
    token::{Verifier, VerifierError, VerifierSettings},
};
use tokio::task::JoinHandle;

use crate::{
    Database,
    audit::Violation,
    outbox::{Broker, EventSettings, Relay},
    server::{Gate, Streams},
};

pub use command::main;
pub use demo::Size;
pub use settings::SubgraphSettings;

/// One deployable subgraph: what [`main`] and [`start`] need to know of it.
pub trait Subgraph: Clone + Send + Sync + 'static {
    /// The subgraph's name in the supergraph, of its binary, and (in capitals) of its environment variables.
    const NAME: &'static str;
    /// The port it listens on by default.
    const PORT: u16;
    /// Whether it puts events into the [`outbox`](crate::outbox), and so has its tables.
    const PUBLISHES: bool = false;
    /// What only this subgraph can be told, under `service:` in its settings.
    type Settings: Serialize + DeserializeOwned + Default + Clone + Send + Sync + 'static;
    type Migrator: MigratorTrait;

    /// The schema as a Federation 2 document. Needs no database.
    fn sdl() -> String;

    /// Builds the routes, and spawns the background work, which must end when `parts.shutdown` asks.
    fn assemble(parts: Parts<Self::Settings>) -> impl Future<Output = Result<Assembled, BootError>> + Send;

    /// Fills an empty database with its share of the demo market; does nothing to one that has rows.
    fn seed(database: &Database, size: Size) -> impl Future<Output = Result<(), BootError>> + Send;

    /// Rows that break a rule of this subgraph; of a database in use, too.
    fn verify(_database: &Database) -> impl Future<Output = Result<Vec<Violation>, DbErr>> + Send {
        async { Ok(Vec::new()) }
    }
}

/// What a subgraph is built from.
pub struct Parts<S> {
    pub settings: S,
    pub database: Database,
    /// Hand it to [`crate::server::router`].
    pub gate: Gate,
    /// How tokens are verified; the issuer itself signs by it.
    pub identity: VerifierSettings,
    pub shutdown: Shutdown,
}

/// A subgraph that is ready to serve.
pub struct Assembled {
    /// `/graphql`, from [`crate::server::router`], and whatever else the subgraph answers.
    pub router: Router,
}

/// A subgraph that serves.
pub struct Running {
    pub address: SocketAddr,
    /// For counting statements and closing; rows belong to the subgraph.
    pub database: Database,
    /// The subscriptions that are open.
    pub streams: Streams,
    /// Ends once the shutdown was asked for and the last request is answered.
    pub task: JoinHandle<()>,
    shutdown: Shutdown,
}

impl Running {
    /// Asks this subgraph alone to stop, and waits until the last request is answered and the database is closed.
    pub async fn stop(self) {
        self.shutdown.trigger();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "server ended badly");
        }
        if let Err(error) = self.database.close().await {
            tracing::error!(%error, "database not closed");
        }
    }
}

/// Why a subgraph did not start.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error("the database cannot be used")]
    Database(#[from] DbErr),
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    #[error("`identity` cannot be used")]
    Identity(#[from] VerifierError),
    /// A setting that reads well but cannot work; the message names its key.
    #[error("{0}")]
    Setting(String),
    #[error("`events` cannot be used")]
    Events(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the service is not ready")]
    NotReady(#[from] reqwest::Error),
    #[error("{0} rows break a rule")]
    Violated(usize),
    #[error("the command's output cannot be written")]
    Output(#[from] std::io::Error),
}

/// Starts a subgraph in this process. The port is bound last, so whoever connects is served.
pub async fn start<S: Subgraph>(settings: SubgraphSettings<S>, shutdown: Shutdown) -> Result<Running, BootError> {
    check(&settings)?;
    let shutdown = shutdown.child();
    let database = Database::connect(&settings.database).await?;
    if settings.migrate {
        database.migrate::<S::Migrator>().await?;
    }
    let streams = Streams::new(&settings.streams, shutdown.clone());
    let gate = Gate {
        verifier: Verifier::new(settings.identity.clone())?,
        limits: settings.limits.clone(),
        gateway_credential: settings.gateway_credential.clone(),
        streams: streams.clone(),
    };
    let parts = Parts {
        settings: settings.service,
        database: database.clone(),
        gate,
        identity: settings.identity,
        shutdown: shutdown.clone(),
    };
    let assembled = S::assemble(parts).await?;
    let relay = relay::<S>(&settings.events, &database).await?;
    let router = assembled.router.merge(health(&database, shutdown.clone()).router());
    let server = BoundServer::bind(settings.listen, &settings.serve).await?;
    let address = server.local_addr();
    tracing::info!(service.name = S::NAME, %address, "listening");
    let serving = server.run(router, shutdown.clone());
    let publishing = OptionFuture::from(relay.map(|relay| relay.run(shutdown.clone())));
    let task = tokio::spawn(async move {
        join(serving, publishing).await;
    });
    Ok(Running { address, database, streams, task, shutdown })
}

fn check<S: Subgraph>(settings: &SubgraphSettings<S>) -> Result<(), BootError> {
    let periods =
        [("database.look_again", settings.database.look_again), ("streams.heartbeat", settings.streams.heartbeat)];
    match periods.into_iter().find(|(_, period)| period.is_zero()) {
        Some((key, _)) => Err(BootError::Setting(format!("{key} must not be zero"))),
        None => Ok(()),
    }
}

async fn relay<S: Subgraph>(settings: &EventSettings, database: &Database) -> Result<Option<Relay>, BootError> {
    if !S::PUBLISHES {
        return Ok(None);
    }
    let broker = Broker::open(S::NAME, settings).await.map_err(|error| BootError::Events(error.into()))?;
    Ok(Some(Relay { service: S::NAME, database: database.clone(), broker }))
}

fn health(database: &Database, shutdown: Shutdown) -> Health {
    let database = database.clone();
    Health::new(shutdown).check("database", move || {
        let database = database.clone();
        async move { database.ping().await.map_err(|error| error.to_string()) }
    })
}

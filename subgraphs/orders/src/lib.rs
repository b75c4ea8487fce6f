//! The orders subgraph: purchases, from the wish to buy to stock that is the customer's, or back on the shelf.
//!
//! Read [`schema`] for what it offers, [`domain::saga`] for the protocol that it follows, and [`domain::drive`] for
//! how the protocol is carried out. [`audit`] finds rows that break a rule, and `alarm` orders that stand still.

mod alarm;
pub mod audit;
pub mod domain;
pub mod entities;
mod loaders;
mod migrations;
mod resolvers;
mod schema;
mod seed;
mod settings;
pub mod upstream;

use client::Client;
use sea_orm::DbErr;
use service::token::ClientCredentials;
use subgraph::{Assembled, BootError, Database, Parts, Peer, Subgraph, audit::Violation, boot::Size, sdl, server};

use domain::{drive::Driver, recover};
use upstream::{catalogue::Catalogue, inventory::Inventory};

pub use settings::Settings;

/// The subgraph `orders`.
#[derive(Clone)]
pub struct Orders;

impl Subgraph for Orders {
    const NAME: &'static str = "orders";
    const PORT: u16 = 8003;
    const PUBLISHES: bool = true;
    type Settings = Settings;
    type Migrator = migrations::Migrator;

    fn sdl() -> String {
        sdl::export(&schema::builder().finish())
    }

    async fn assemble(parts: Parts<Settings>) -> Result<Assembled, BootError> {
        let Parts { settings, database, gate, shutdown, .. } = parts;
        let (catalogue, inventory) = upstream(&settings)?;
        let driver = Driver::new(database.clone(), inventory);
        let worker = recover::run(database.clone(), driver.clone(), settings.recovery_period, shutdown.clone());
        tokio::spawn(worker);
        tokio::spawn(alarm::run(database.clone(), shutdown));
        let schema = schema::builder()
            .data(loaders::rows(database.clone()))
            .data(database)
            .data(catalogue)
            .data(driver)
            .data(settings)
            .finish();
        Ok(Assembled { router: server::router(schema, gate) })
    }

    async fn seed(database: &Database, size: Size) -> Result<(), BootError> {
        Ok(seed::fill(database, size).await?)
    }

    async fn verify(database: &Database) -> Result<Vec<Violation>, DbErr> {
        audit::verify(database).await
    }
}

/// The services that orders asks, both with this service's own token.
fn upstream(settings: &Settings) -> Result<(Catalogue, Inventory), BootError> {
    let credentials = ClientCredentials::new(settings.principal.clone())
        .map_err(|error| BootError::Setting(format!("service.principal: {error}")))?;
    let peer = |name: &str, url: &str| {
        let client = Client::new(name, url, settings.client.clone())
            .map_err(|error| BootError::Setting(format!("service.{name}_url: {error}")))?;
        Ok::<_, BootError>(Peer::new(client, credentials.clone()))
    };
    let catalogue = Catalogue::new(peer("products", &settings.products_url)?);
    let inventory = Inventory::new(peer("inventory", &settings.inventory_url)?, settings.reservation_ttl);
    Ok((catalogue, inventory))
}

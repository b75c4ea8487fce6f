//! The stock: how many units of each product are here, how many are promised, and every change that led there.
//!
//! Read [`schema`] (the whole GraphQL surface), then `resolvers`, `domain`, `entities` and `migrations`. `loaders`
//! batches the look-ups of all requests in flight, `sweeper` gives back what was held for too long, `products` is
//! what inventory asks the catalogue, and `audit` finds rows that break a rule.

pub mod audit;
mod domain;
mod entities;
mod loaders;
mod migrations;
mod products;
mod resolvers;
mod schema;
mod seed;
mod settings;
mod sweeper;

use sea_orm::DbErr;
use subgraph::{Assembled, BootError, Database, Parts, Subgraph, audit::Violation, boot::Size, server};

pub use domain::{expire::expire_due, protocol};
pub use entities::{reservation::Status, stock::Shift};
pub use migrations::Migrator;
pub use settings::Settings;

use products::Products;

/// The subgraph `inventory`.
#[derive(Copy, Clone, Debug)]
pub struct Inventory;

impl Subgraph for Inventory {
    const NAME: &'static str = "inventory";
    const PORT: u16 = 8002;
    const PUBLISHES: bool = true;
    type Settings = Settings;
    type Migrator = Migrator;

    fn sdl() -> String {
        schema::sdl()
    }

    async fn assemble(parts: Parts<Settings>) -> Result<Assembled, BootError> {
        if parts.settings.max_held_per_customer == 0 {
            return Err(BootError::Setting("service.max_held_per_customer must not be zero".into()));
        }
        let products = Products::new(&parts.settings)?;
        sweeper::spawn(parts.database.clone(), &parts.settings, parts.shutdown)?;
        let schema = schema::build(parts.database, products, parts.settings);
        Ok(Assembled { router: server::router(schema, parts.gate) })
    }

    async fn seed(database: &Database, size: Size) -> Result<(), BootError> {
        Ok(seed::fill(database, size).await?)
    }

    async fn verify(database: &Database) -> Result<Vec<Violation>, DbErr> {
        audit::verify(database).await
    }
}

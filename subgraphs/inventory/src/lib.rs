//! The stock: how many units of each product are here, how many are promised, and every change that led there.
//!
//! Read [`schema`] (the whole GraphQL surface), then `resolvers`, `domain`, `entities` and `migrations`. `loaders`
//! batches the look-ups of all requests in flight, `sweeper` gives back what was held for too long, and `products`
//! is what inventory asks the catalogue.

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

use subgraph::{Assembled, BootError, Database, Parts, Subgraph, boot::Size, server};

pub use domain::expire::expire_due;
pub use migrations::Migrator;
pub use settings::Settings;

use products::Products;

/// The subgraph `inventory`.
#[derive(Copy, Clone, Debug)]
pub struct Inventory;

impl Subgraph for Inventory {
    const NAME: &'static str = "inventory";
    const PORT: u16 = 8002;
    type Settings = Settings;
    type Migrator = Migrator;

    fn sdl() -> String {
        schema::sdl()
    }

    async fn assemble(parts: Parts<Settings>) -> Result<Assembled, BootError> {
        let products = Products::new(&parts.settings)?;
        sweeper::spawn(parts.database.clone(), &parts.settings, parts.shutdown)?;
        let schema = schema::build(parts.database, products);
        Ok(Assembled { router: server::router(schema, parts.gate) })
    }

    async fn seed(database: &Database, size: Size) -> Result<(), BootError> {
        Ok(seed::fill(database, size).await?)
    }
}

//! The catalogue: what the market sells, for how much, and what a shopper finds it by.
//!
//! Read `schema` (the whole GraphQL surface), then `resolvers`, `domain`, `entities` and
//! `migrations`. `loaders` batches the look-ups of all requests in flight.

mod domain;
mod entities;
mod loaders;
mod migrations;
mod resolvers;
mod schema;
mod seed;

use serde::{Deserialize, Serialize};
use subgraph::{Assembled, BootError, Database, Parts, Subgraph, boot::Size, server};

pub use migrations::Migrator;

/// The subgraph `products`.
#[derive(Copy, Clone, Debug)]
pub struct Products;

/// The catalogue needs to be told nothing but what every subgraph is told.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {}

impl Subgraph for Products {
    const NAME: &'static str = "products";
    const PORT: u16 = 8001;
    type Settings = Settings;
    type Migrator = Migrator;

    fn sdl() -> String {
        schema::sdl()
    }

    async fn assemble(parts: Parts<Settings>) -> Result<Assembled, BootError> {
        let schema = schema::build(parts.database);
        Ok(Assembled { router: server::router(schema, parts.gate) })
    }

    async fn seed(database: &Database, size: Size) -> Result<(), BootError> {
        Ok(seed::fill(database, size).await?)
    }
}

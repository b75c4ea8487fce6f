//! Look-ups of many requests in one statement.

use std::collections::HashMap;

use sea_orm::{EntityTrait as _, QueryFilter as _};
use subgraph::{Database, Loader, Result};
use uuid::Uuid;

use crate::{
    domain::stock::Stock,
    entities::{location, stock},
};

/// Stock by product id, all locations of it; products without stock are left out. What is public does not depend on who asks, so requests
/// that are in flight together share a statement.
pub(crate) struct StockLoader(Database);

impl StockLoader {
    pub(crate) fn new(database: Database) -> Self {
        Self(database)
    }
}

impl Loader<Uuid> for StockLoader {
    type Value = Stock;

    async fn load(&self, products: &[Uuid]) -> Result<HashMap<Uuid, Stock>> {
        let rows = stock::of_products(self.0.read(), products.iter().copied()).await?;
        Ok(Stock::of_rows(&rows).map(|stock| (stock.product_id(), stock)).collect())
    }
}

/// Locations by id.
pub(crate) struct LocationLoader(Database);

impl LocationLoader {
    pub(crate) fn new(database: Database) -> Self {
        Self(database)
    }
}

impl Loader<Uuid> for LocationLoader {
    type Value = location::Model;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, location::Model>> {
        let rows = location::Entity::find().filter(location::COLUMN.id.is_in(ids.iter().copied()));
        Ok(rows.all(self.0.read()).await?.into_iter().map(|row| (row.id, row)).collect())
    }
}

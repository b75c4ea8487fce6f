//! Look-ups of many requests in one statement.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use subgraph::{Database, Error};
use uuid::Uuid;

use crate::entities::stock;

/// Stock by product id; products without stock are left out. What is public does not depend on who asks, so requests
/// that are in flight together share a statement.
pub(crate) struct StockLoader(Database);

impl StockLoader {
    pub(crate) fn new(database: Database) -> Self {
        Self(database)
    }
}

impl Loader<Uuid> for StockLoader {
    type Value = stock::Model;
    type Error = Error;

    async fn load(&self, products: &[Uuid]) -> Result<HashMap<Uuid, stock::Model>, Error> {
        let rows = stock::of_products(self.0.read(), products).await?;
        Ok(rows.into_iter().map(|row| (row.product_id, row)).collect())
    }
}

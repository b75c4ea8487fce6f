use async_graphql::{Object, Result};
use subgraph::{Error, Id, Money, time::DateTime};

use crate::entities::product::Model;

/// Something that is sold: one item with one SKU.
pub(crate) struct Product(pub(crate) Model);

/// Something that is sold: one item with one SKU.
#[Object]
impl Product {
    async fn id(&self) -> Id {
        self.0.id.into()
    }

    /// The stock keeping unit, unique in the market and never changed.
    async fn sku(&self) -> &str {
        &self.0.sku
    }

    /// The readable part of the product's address, unique in the market.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    async fn name(&self) -> &str {
        &self.0.name
    }

    async fn description(&self) -> &str {
        &self.0.description
    }

    /// What one costs today. An order keeps the price that it was placed at.
    async fn price(&self) -> Result<Money> {
        Ok(self.0.price().map_err(Error::from)?)
    }

    /// 1 at first, one more at every change; send it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it was taken off sale; null while it is on sale.
    async fn archived_at(&self) -> Option<DateTime> {
        self.0.archived_at.map(DateTime)
    }

    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    async fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }
}

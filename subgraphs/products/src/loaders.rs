//! Batched look-ups of products. Nothing here depends on who asks, so one loader serves all requests
//! at once: what they ask for together is one statement.

use std::{collections::HashMap, hash::Hash};

use sea_orm::{EntityTrait as _, QueryFilter as _, sea_query::Expr};
use subgraph::{DataLoader, Database, Loader, Result};
use uuid::Uuid;

use crate::entities::product::{COLUMN, Entity, Model};

/// What resolvers ask.
pub(crate) type Products = DataLoader<ProductLoader>;

/// A stock keeping unit, as a key of products.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sku(pub(crate) String);

/// The readable part of a product's address, as a key of products.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Slug(pub(crate) String);

/// Reads products by any of their keys, one statement a batch of at most 1,000.
pub(crate) struct ProductLoader {
    database: Database,
}

impl ProductLoader {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    async fn rows<K: Eq + Hash>(&self, filter: Expr, key: impl Fn(&Model) -> K) -> Result<HashMap<K, Model>> {
        let rows = Entity::find().filter(filter).all(self.database.read()).await?;
        Ok(rows.into_iter().map(|row| (key(&row), row)).collect())
    }
}

impl Loader<Uuid> for ProductLoader {
    type Value = Model;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Model>> {
        self.rows(COLUMN.id.is_in(ids.iter().copied()), |row| row.id).await
    }
}

impl Loader<Sku> for ProductLoader {
    type Value = Model;

    async fn load(&self, skus: &[Sku]) -> Result<HashMap<Sku, Model>> {
        let filter = COLUMN.sku.is_in(skus.iter().map(|sku| sku.0.as_str()));
        self.rows(filter, |row| Sku(row.sku.clone())).await
    }
}

impl Loader<Slug> for ProductLoader {
    type Value = Model;

    async fn load(&self, slugs: &[Slug]) -> Result<HashMap<Slug, Model>> {
        let filter = COLUMN.slug.is_in(slugs.iter().map(|slug| slug.0.as_str()));
        self.rows(filter, |row| Slug(row.slug.clone())).await
    }
}

//! The demo market's catalogue.

use sea_orm::{DbErr, EntityTrait as _, IntoActiveModel as _, QuerySelect as _};
use subgraph::{Currency, Database, Money, boot::Size};

use crate::entities::product::{self, Facts, Model};

/// Rows a statement: 13 values each, well below the 32,766 that SQLite takes.
const BATCH: usize = 500;

/// Fills an empty catalogue, all or nothing.
pub(crate) async fn fill(database: &Database, size: Size) -> Result<(), DbErr> {
    let transaction = database.begin().await?;
    let first = product::Entity::find().limit(1).one(&transaction).await?;
    if first.is_some() {
        return Ok(());
    }
    let mut rows = demo::products(size).map(row).peekable();
    while rows.peek().is_some() {
        let batch = rows.by_ref().take(BATCH).map(Model::into_active_model);
        product::Entity::insert_many(batch).exec_without_returning(&transaction).await?;
    }
    transaction.commit().await
}

fn row(product: demo::Product) -> Model {
    let price = Money { minor: product.price_minor, currency: Currency::Eur };
    let facts =
        Facts { sku: product.sku, slug: product.slug, name: product.name, description: product.description, price };
    Model::new(product.id, facts, product.created_at)
}

//! From how few units on somebody should see to a product at a location.

use sea_orm::DbErr;
use subgraph::Database;
use uuid::Uuid;

use super::{ledger, stock::Stock};
use crate::entities::stock;

/// Sets the threshold of a product's stock at a location, or forgets it. Returns the product's stock, if there is one
/// at that location. That is no change of the stock: its version stays, and so does the ledger.
pub(crate) async fn set_threshold(
    database: &Database,
    key: (Uuid, Uuid),
    threshold: Option<i64>,
) -> Result<Option<Stock>, DbErr> {
    let tx = database.begin().await?;
    let mut levels = stock::lock(&tx, [key.0]).await?;
    let Some(row) = ledger::find(&levels, key) else {
        return Ok(None);
    };
    stock::set_threshold(&tx, key, threshold).await?;
    tx.commit().await?;
    levels[row].low_stock_threshold = threshold;
    Ok(Some(Stock { levels }))
}

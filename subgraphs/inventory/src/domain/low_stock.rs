//! From how few units on somebody should see to a product.

use sea_orm::DbErr;
use subgraph::Database;
use uuid::Uuid;

use crate::entities::stock;

/// Sets the threshold of a stock, or forgets it. Returns the stock, if there is one. That is no change of the stock:
/// its version stays, and so does the ledger.
pub(crate) async fn set_threshold(
    database: &Database,
    product: Uuid,
    threshold: Option<i64>,
) -> Result<Option<stock::Model>, DbErr> {
    let tx = database.begin().await?;
    let Some(row) = stock::lock(&tx, [product]).await?.pop() else {
        return Ok(None);
    };
    stock::set_threshold(&tx, product, threshold).await?;
    tx.commit().await?;
    Ok(Some(stock::Model { low_stock_threshold: threshold, ..row }))
}

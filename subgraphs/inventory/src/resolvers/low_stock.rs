use async_graphql::{Context, InputObject, Object, SimpleObject, connection::Connection};
use subgraph::{DataLoader, Database, Id, Requires, Result, Scope, paging::Page, user_error::NotFoundError};
use uuid::Uuid;

use super::{errors::SetLowStockThresholdError, input, stock::Stock};
use crate::{domain::low_stock, entities::stock, loaders::StockLoader};

#[derive(Default)]
pub(crate) struct LowStockQuery;

#[Object]
impl LowStockQuery {
    /// The stock of products of which, at a location that has a threshold, no more units can be ordered than it says. In
    /// the order of the products' ids.
    #[graphql(guard = "Requires(Scope::StockRead)", requires_scopes = "stock:read")]
    async fn low_stock(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<String, Stock, Total>> {
        let page = Page::<Uuid>::new("lowStock", first, after)?;
        let low = stock::low(ctx.data_unchecked::<Database>().read(), page.after, page.limit()).await?;
        let mut stocks = ctx.data_unchecked::<DataLoader<StockLoader>>().load_many(low.iter().copied()).await?;
        let stocks = low.iter().filter_map(|product| stocks.remove(product)).map(Stock::from).collect();
        page.connection(stocks, |stock: &Stock| stock.0.product_id(), Total)
    }
}

/// What the connection has besides its edges.
pub(crate) struct Total;

#[Object(name = "LowStockTotal")]
impl Total {
    /// All products that are low somewhere. Counted only when it is selected.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        let count = stock::count_low(ctx.data_unchecked::<Database>().read()).await?;
        Ok(Some(i32::try_from(count).unwrap_or(i32::MAX)))
    }
}

#[derive(Default)]
pub(crate) struct LowStockMutation;

#[Object]
impl LowStockMutation {
    /// Sets from how few available units on a stock is low at a location. There is no `expectedVersion`: every order changes the
    /// version of a stock, and this is none of the changes that it counts.
    #[graphql(guard = "Requires(Scope::StockWrite)", requires_scopes = "stock:write")]
    async fn set_low_stock_threshold(
        &self,
        ctx: &Context<'_>,
        input: SetLowStockThresholdInput,
    ) -> Result<SetLowStockThresholdPayload> {
        let threshold = match input::threshold("threshold", input.threshold) {
            Ok(threshold) => threshold,
            Err(invalid) => return Ok(SetLowStockThresholdPayload::failed(invalid)),
        };
        let database = ctx.data_unchecked::<Database>();
        let key = (input.product_id.0, input::location(input.location_id));
        match low_stock::set_threshold(database, key, threshold).await? {
            Some(stock) => Ok(SetLowStockThresholdPayload { stock: Some(stock.into()), errors: Vec::new() }),
            None => {
                let missing = NotFoundError::new(["productId"], "This product has no stock there.");
                Ok(SetLowStockThresholdPayload::failed(missing))
            }
        }
    }
}

#[derive(InputObject)]
pub(crate) struct SetLowStockThresholdInput {
    product_id: Id,
    /// The default location where it is null.
    location_id: Option<Id>,
    /// The stock is low at this many available units and below; 0 is sold out. Null, and it is never low.
    threshold: Option<i32>,
}

#[derive(SimpleObject)]
pub(crate) struct SetLowStockThresholdPayload {
    stock: Option<Stock>,
    errors: Vec<SetLowStockThresholdError>,
}

impl SetLowStockThresholdPayload {
    fn failed(error: impl Into<SetLowStockThresholdError>) -> Self {
        Self { stock: None, errors: vec![error.into()] }
    }
}

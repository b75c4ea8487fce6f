use async_graphql::{Context, ID, Object, dataloader::DataLoader};
use subgraph::{Error, Id, Requires, Result, Scope, time::DateTime};
use uuid::Uuid;

use super::int;
use crate::{entities::stock, loaders::StockLoader};

/// Products that one cart may show.
const MAX_PRODUCTS: usize = 200;

#[derive(Default)]
pub(crate) struct StockQuery;

#[Object]
impl StockQuery {
    /// The stock of a product, or null where none was created.
    #[graphql(guard = "Requires(Scope::StockRead)", requires_scopes = "stock:read")]
    async fn stock(&self, ctx: &Context<'_>, product_id: Id) -> Result<Option<Stock>> {
        load(ctx, product_id.0).await
    }

    /// The stock of the products of a cart, in the order of their ids; null for a product that has no stock, whether or
    /// not the catalogue knows it.
    async fn availability(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most 200.")] product_ids: Vec<Id>,
    ) -> Result<Vec<Option<Stock>>> {
        if product_ids.len() > MAX_PRODUCTS {
            return Err(Error::bad_input(format!("`productIds` has at most {MAX_PRODUCTS} entries.")));
        }
        let loader = ctx.data_unchecked::<DataLoader<StockLoader>>();
        let rows = loader.load_many(product_ids.iter().map(|id| id.0)).await?;
        Ok(product_ids.into_iter().map(|id| rows.get(&id.0).cloned().map(Stock)).collect())
    }

    /// A reference to any product resolves: whether it exists is for its own subgraph to say.
    #[graphql(entity)]
    async fn product_by_id(&self, id: ID) -> Result<Option<Product>> {
        Ok(Id::known(&id).map(|id| Product { id }))
    }
}

/// A product of the catalogue, as far as its stock goes.
pub(crate) struct Product {
    id: Id,
}

#[Object]
impl Product {
    async fn id(&self) -> Id {
        self.id
    }

    /// How many units there are; null where nobody has created a stock.
    async fn stock(&self, ctx: &Context<'_>) -> Result<Option<Stock>> {
        load(ctx, self.id.0).await
    }
}

/// How many units of a product there are.
///
/// All but the threshold is public. `onHand` and `reserved` can be guessed from `available`, which a shop has to show,
/// and a refusal of one of them, being non-null, would take the whole stock from the page.
pub(crate) struct Stock(stock::Model);

impl Stock {
    pub(super) fn product_id(&self) -> Uuid {
        self.0.product_id
    }
}

impl From<stock::Model> for Stock {
    fn from(row: stock::Model) -> Self {
        Self(row)
    }
}

#[Object]
impl Stock {
    async fn product(&self) -> Product {
        Product { id: Id(self.0.product_id) }
    }

    /// Units in the warehouse.
    async fn on_hand(&self) -> i32 {
        int(self.0.on_hand)
    }

    /// Units promised to orders that are not completed yet.
    async fn reserved(&self) -> i32 {
        int(self.0.reserved)
    }

    /// Units that may be sold beyond those on hand.
    async fn backorder_limit(&self) -> i32 {
        int(self.0.backorder_limit)
    }

    /// Units that can be ordered now: on hand, not reserved, and the back-order limit.
    async fn available(&self) -> i32 {
        int(self.0.available())
    }

    /// Whether a unit lies in the warehouse that is not reserved. Without one, what is available is a back-order.
    async fn in_stock(&self) -> bool {
        self.0.in_stock()
    }

    /// At this many available units and below the stock is low; null where it never is. For staff.
    #[graphql(guard = "Requires(Scope::StockRead)", requires_scopes = "stock:read")]
    async fn low_stock_threshold(&self) -> Option<i32> {
        self.0.low_stock_threshold.map(int)
    }

    /// Counts the changes, as the ledger does.
    async fn version(&self) -> i32 {
        int(self.0.version)
    }

    async fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }
}

async fn load(ctx: &Context<'_>, product: Uuid) -> Result<Option<Stock>> {
    let loader = ctx.data_unchecked::<DataLoader<StockLoader>>();
    Ok(loader.load_one(product).await?.map(Stock))
}

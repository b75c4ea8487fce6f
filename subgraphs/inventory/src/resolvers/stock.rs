use async_graphql::{Context, ID, Object};
use subgraph::{DataLoader, Error, Id, Requires, Result, Scope, time::DateTime};
use uuid::Uuid;

use super::{int, locations::Location};
use crate::{
    domain::stock,
    entities::stock as rows,
    loaders::{LocationLoader, StockLoader},
};

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
        let stocks = loader.load_many(product_ids.iter().map(|id| id.0)).await?;
        Ok(product_ids.into_iter().map(|id| stocks.get(&id.0).cloned().map(Stock)).collect())
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

/// How many units of a product there are, at all locations together.
///
/// All but the levels is public. `onHand` and `reserved` can be guessed from `available`, which a shop has to show, and a
/// refusal of one of them, being non-null, would take the whole stock from the page.
pub(crate) struct Stock(pub(super) stock::Stock);

impl From<stock::Stock> for Stock {
    fn from(stock: stock::Stock) -> Self {
        Self(stock)
    }
}

#[Object]
impl Stock {
    async fn product(&self) -> Product {
        Product { id: Id(self.0.product_id()) }
    }

    /// Units in the warehouses.
    async fn on_hand(&self) -> i32 {
        int(self.0.on_hand())
    }

    /// Units promised to orders that are not completed yet.
    async fn reserved(&self) -> i32 {
        int(self.0.reserved())
    }

    /// Units that may be sold beyond those on hand.
    async fn backorder_limit(&self) -> i32 {
        int(self.0.backorder_limit())
    }

    /// Units that can be ordered now: on hand, not reserved, and the back-order limit.
    async fn available(&self) -> i32 {
        int(self.0.available())
    }

    /// Whether a unit lies in a warehouse that is not reserved. Without one, what is available is a back-order.
    async fn in_stock(&self) -> bool {
        self.0.in_stock()
    }

    /// What lies at each location, in the order in which orders take from them. For staff.
    #[graphql(guard = "Requires(Scope::StockRead)", requires_scopes = "stock:read")]
    async fn levels(&self, ctx: &Context<'_>) -> Result<Option<Vec<StockLevel>>> {
        let loader = ctx.data_unchecked::<DataLoader<LocationLoader>>();
        let mut locations = loader.load_many(self.0.levels.iter().map(|row| row.location_id)).await?;
        let levels = self.0.levels.iter().filter_map(|row| {
            let location = locations.remove(&row.location_id)?;
            Some((location.priority, location.id, StockLevel { row: row.clone(), location: location.into() }))
        });
        let mut levels: Vec<_> = levels.collect();
        levels.sort_by_key(|(priority, id, _)| (*priority, *id));
        Ok(Some(levels.into_iter().map(|(_, _, level)| level).collect()))
    }

    /// Counts the changes at all locations.
    async fn version(&self) -> i32 {
        int(self.0.version())
    }

    async fn updated_at(&self) -> DateTime {
        self.0.updated_at().into()
    }
}

/// How many units of a product there are at a location.
pub(crate) struct StockLevel {
    row: rows::Model,
    location: Location,
}

#[Object]
impl StockLevel {
    async fn location(&self) -> &Location {
        &self.location
    }

    async fn on_hand(&self) -> i32 {
        int(self.row.on_hand)
    }

    async fn reserved(&self) -> i32 {
        int(self.row.reserved)
    }

    async fn backorder_limit(&self) -> i32 {
        int(self.row.backorder_limit)
    }

    async fn available(&self) -> i32 {
        int(self.row.available())
    }

    /// At this many available units and below the stock is low here; null where it never is.
    async fn low_stock_threshold(&self) -> Option<i32> {
        self.row.low_stock_threshold.map(int)
    }

    /// Counts the changes here, as the ledger does.
    async fn version(&self) -> i32 {
        int(self.row.version)
    }

    async fn updated_at(&self) -> DateTime {
        self.row.updated_at.into()
    }
}

async fn load(ctx: &Context<'_>, product: Uuid) -> Result<Option<Stock>> {
    let loader = ctx.data_unchecked::<DataLoader<StockLoader>>();
    Ok(loader.load_one(product).await?.map(Stock))
}

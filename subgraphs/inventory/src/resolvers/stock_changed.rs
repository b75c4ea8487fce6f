use std::collections::{BTreeMap, BTreeSet, VecDeque};

use async_graphql::{Context, Subscription as SubscriptionFields};
use futures_util::{Stream, stream::try_unfold};
use subgraph::{DataLoader, Database, Error, Id, Result, Watch};
use uuid::Uuid;

use super::stock::Stock;
use crate::{domain::stock, loaders::StockLoader};

/// Products that one stream may watch: as many as a page may have.
const MAX_PRODUCTS: usize = 100;

pub(crate) struct Subscription;

#[SubscriptionFields]
impl Subscription {
    /// The stock of these products: as it is now, of each that has one, and after every change. The versions of a
    /// product only rise; a reader that is slow is shown the newest and not every one between. A product that has no
    /// stock yet is shown once it has. The stream does not end by itself.
    async fn stock_changed<'a>(
        &self,
        ctx: &Context<'a>,
        #[graphql(desc = "1 to 100.")] product_ids: Vec<Id>,
    ) -> Result<impl Stream<Item = Result<Stock>> + use<'a>> {
        if !(1..=MAX_PRODUCTS).contains(&product_ids.len()) {
            return Err(Error::bad_input(format!("`productIds` has from 1 to {MAX_PRODUCTS} entries.")));
        }
        let products: BTreeSet<Uuid> = product_ids.into_iter().map(|id| id.0).collect();
        let watch = ctx.data_unchecked::<Database>().watch(products.iter().copied());
        let mut follower =
            Follower { stock: ctx.data_unchecked(), watch, shown: BTreeMap::new(), unsent: VecDeque::new() };
        follower.read(products).await?;
        Ok(try_unfold(follower, |mut follower| async { Ok(Some((follower.next().await?.into(), follower))) }))
    }
}

struct Follower<'a> {
    stock: &'a DataLoader<StockLoader>,
    watch: Watch,
    /// The last version of each product that was shown, or is about to be.
    shown: BTreeMap<Uuid, i64>,
    /// What was read together and is sent one by one.
    unsent: VecDeque<stock::Stock>,
}

impl Follower<'_> {
    async fn next(&mut self) -> Result<stock::Stock> {
        loop {
            if let Some(stock) = self.unsent.pop_front() {
                return Ok(stock);
            }
            let changed = self.watch.changed().await;
            match self.read(changed).await {
                // A database that is away for a moment ends no stream: the next look finds what was missed.
                Ok(()) | Err(Error::Unavailable) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads the stocks that may have changed, and keeps those that have.
    async fn read(&mut self, products: BTreeSet<Uuid>) -> Result<()> {
        let mut stocks = self.stock.load_many(products.iter().copied()).await?;
        for (product, stock) in products.into_iter().filter_map(|product| stocks.remove_entry(&product)) {
            if self.shown.get(&product).is_none_or(|shown| *shown < stock.version()) {
                self.shown.insert(product, stock.version());
                self.unsent.push_back(stock);
            }
        }
        Ok(())
    }
}

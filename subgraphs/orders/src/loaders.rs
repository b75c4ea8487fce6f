//! Batches: what many fields of a request need, and of requests that run at once, in one statement.

use std::{collections::HashMap, hash::Hash};

use sea_orm::{EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, prelude::Expr};
use subgraph::{DataLoader, Database, Loader, Result};
use uuid::Uuid;

use crate::{
    domain::list::{self, CustomerPage},
    entities::{
        order::{self, Viewer},
        order_event, order_line,
    },
};

/// Arms of one union; SQLite takes 500.
const MAX_ARMS: usize = 100;

/// Rows by key. Nothing is cached, so one loader serves all requests; where the answer depends on who asks, the
/// viewer is part of the key.
pub(crate) type Rows = DataLoader<Source>;

/// Where the rows come from.
pub(crate) struct Source(Database);

pub(crate) fn rows(database: Database) -> Rows {
    DataLoader::new(Source(database))
}

/// The lines of an order, in its order.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LinesOf(pub(crate) Uuid);

/// The events of an order, oldest first: at most one for each state.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EventsOf(pub(crate) Uuid);

/// The order, if this viewer may see it.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Seen {
    pub viewer: Viewer,
    pub id: Uuid,
}

/// How many orders a customer has.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CountOf(pub(crate) Uuid);

impl Loader<LinesOf> for Source {
    type Value = Vec<order_line::Model>;

    async fn load(&self, keys: &[LinesOf]) -> Result<HashMap<LinesOf, Self::Value>> {
        let rows = order_line::Entity::find()
            .filter(order_line::COLUMN.order_id.is_in(keys.iter().map(|key| key.0)))
            .order_by_asc(order_line::COLUMN.position)
            .all(self.0.read())
            .await?;
        Ok(grouped(rows, |row| LinesOf(row.order_id)))
    }
}

impl Loader<EventsOf> for Source {
    type Value = Vec<order_event::Model>;

    async fn load(&self, keys: &[EventsOf]) -> Result<HashMap<EventsOf, Self::Value>> {
        let rows = order_event::Entity::find()
            .filter(order_event::COLUMN.order_id.is_in(keys.iter().map(|key| key.0)))
            .order_by_asc(order_event::COLUMN.sequence)
            .all(self.0.read())
            .await?;
        Ok(grouped(rows, |row| EventsOf(row.order_id)))
    }
}

impl Loader<Seen> for Source {
    type Value = order::Model;

    async fn load(&self, keys: &[Seen]) -> Result<HashMap<Seen, order::Model>> {
        let rows = order::Entity::find()
            .filter(order::COLUMN.id.is_in(keys.iter().map(|key| key.id)))
            .all(self.0.read())
            .await?;
        let rows: HashMap<Uuid, order::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
        let seen = keys.iter().filter_map(|key| {
            let row = rows.get(&key.id).filter(|row| key.viewer.may_see(row))?;
            Some((*key, row.clone()))
        });
        Ok(seen.collect())
    }
}

impl Loader<CustomerPage> for Source {
    type Value = Vec<order::Model>;

    async fn load(&self, keys: &[CustomerPage]) -> Result<HashMap<CustomerPage, Self::Value>> {
        let mut rows = Vec::new();
        for pages in keys.chunks(MAX_ARMS) {
            rows.extend(list::customer_pages(&self.0, pages).await?);
        }
        let rows = grouped(rows, |row| row.customer_id);
        Ok(keys.iter().map(|key| (*key, page_of(key, &rows))).collect())
    }
}

/// Another page of the same customer may have brought rows of this one too.
fn page_of(key: &CustomerPage, rows: &HashMap<Uuid, Vec<order::Model>>) -> Vec<order::Model> {
    let of_customer = rows.get(&key.customer).into_iter().flatten();
    let mut page: Vec<_> = of_customer.filter(|row| key.after.is_none_or(|after| row.id < after)).cloned().collect();
    page.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
    page.dedup_by_key(|row| row.id);
    page.truncate(usize::try_from(key.limit).unwrap_or(usize::MAX));
    page
}

impl Loader<CountOf> for Source {
    type Value = i64;

    async fn load(&self, keys: &[CountOf]) -> Result<HashMap<CountOf, i64>> {
        let counts: Vec<(Uuid, i64)> = order::Entity::find()
            .select_only()
            .column(order::Column::CustomerId)
            .column_as(Expr::col(order::Column::Id).count(), "orders")
            .filter(order::COLUMN.customer_id.is_in(keys.iter().map(|key| key.0)))
            .group_by(order::COLUMN.customer_id)
            .into_tuple()
            .all(self.0.read())
            .await?;
        Ok(counts.into_iter().map(|(customer, count)| (CountOf(customer), count)).collect())
    }
}

fn grouped<K: Eq + Hash, R>(rows: Vec<R>, key: impl Fn(&R) -> K) -> HashMap<K, Vec<R>> {
    let mut groups: HashMap<K, Vec<R>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

use async_graphql::{Context, Enum, Object, SimpleObject, connection::Connection};
use subgraph::{Database, Id, Requires, Result, Scope, paging::Page, time::DateTime};
use uuid::Uuid;

use super::{input, int};
use crate::entities::movement;

#[derive(Default)]
pub(crate) struct LedgerQuery;

#[Object]
impl LedgerQuery {
    /// The ledger of a product's stock at a location, newest change first. Empty where there is no stock.
    #[graphql(guard = "Requires(Scope::StockRead)", requires_scopes = "stock:read")]
    async fn stock_movements(
        &self,
        ctx: &Context<'_>,
        product_id: Id,
        #[graphql(desc = "The default location where it is null.")] location_id: Option<Id>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<String, StockMovement, Total>> {
        let key = (product_id.0, input::location(location_id));
        let page = Page::<i64>::new(format!("stockMovements:{}:{}", key.0, key.1), first, after)?;
        let database = ctx.data_unchecked::<Database>();
        let rows = movement::newest(database.read(), key, page.after, page.limit()).await?;
        let movements = rows.into_iter().map(StockMovement::from).collect();
        page.connection(movements, |movement| i64::from(movement.version), Total { key })
    }
}

/// What the connection has besides its edges.
pub(crate) struct Total {
    key: (Uuid, Uuid),
}

#[Object]
impl Total {
    /// All changes of this stock. Counted only when it is selected.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        let database = ctx.data_unchecked::<Database>();
        let latest = movement::newest(database.read(), self.key, None, 1).await?;
        // Versions have no gaps, so the latest one is the count.
        Ok(Some(latest.first().map_or(0, |movement| int(movement.version))))
    }
}

/// One change of a stock, with what was before and what was after.
#[derive(SimpleObject)]
pub(crate) struct StockMovement {
    /// The version of the stock that the change made, from 1 without gaps.
    version: i32,
    kind: StockMovementKind,
    on_hand_before: i32,
    on_hand_after: i32,
    reserved_before: i32,
    reserved_after: i32,
    reason: String,
    /// Who made it: the id of a member of staff, or the name of a service.
    actor: String,
    /// The order, where one caused the change.
    order_id: Option<Id>,
    at: DateTime,
}

impl From<movement::Model> for StockMovement {
    fn from(row: movement::Model) -> Self {
        Self {
            version: int(row.version),
            kind: row.kind.into(),
            on_hand_before: int(row.on_hand_before),
            on_hand_after: int(row.on_hand_after),
            reserved_before: int(row.reserved_before),
            reserved_after: int(row.reserved_after),
            reason: row.reason,
            actor: row.actor,
            order_id: row.reference.map(Id),
            at: row.at.into(),
        }
    }
}

/// What changed a stock.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "movement::Kind")]
pub(crate) enum StockMovementKind {
    /// The stock was created.
    Initial,
    /// By `adjustStock`.
    Adjust,
    /// By `setStock`.
    Set,
    /// An order was promised units.
    Reserve,
    /// An order was completed: its units left.
    Commit,
    /// An order was cancelled: its units are free again.
    Release,
    /// A completed order was cancelled: its units came back.
    Return,
    /// Nothing more was heard of an order: its units are free again.
    Expire,
}

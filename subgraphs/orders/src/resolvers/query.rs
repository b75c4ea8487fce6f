use async_graphql::{Context, ID, InputObject, Object};
use subgraph::{Database, Id, Requires, Result, Scope, paging::Page, time::DateTime};
use uuid::Uuid;

use super::{
    order::{Order, OrderConnection, OrderStatus, OrderTotals},
    part,
    reference::User,
    viewer,
};
use crate::{
    domain::list::{self, Filter},
    loaders::{Rows, Seen},
};

/// Which orders to list.
#[derive(InputObject, Clone, Debug, Default)]
pub(crate) struct OrderFilter {
    pub(crate) status: Option<OrderStatus>,
    pub(crate) customer_id: Option<Id>,
    pub(crate) placed: Option<TimeRange>,
}

/// A span of time.
#[derive(InputObject, Clone, Debug)]
#[graphql(name = "OrderTimeRange")]
pub(crate) struct TimeRange {
    pub(crate) from: Option<DateTime>,
    /// This moment is not included.
    pub(crate) before: Option<DateTime>,
}

impl From<OrderFilter> for Filter {
    fn from(filter: OrderFilter) -> Self {
        Self {
            status: filter.status.map(Into::into),
            customer: filter.customer_id.map(|id| id.0),
            placed_from: filter.placed.as_ref().and_then(|placed| placed.from).map(|from| from.0),
            placed_before: filter.placed.and_then(|placed| placed.before).map(|before| before.0),
        }
    }
}

pub(crate) struct Query;

#[Object]
impl Query {
    /// One of the caller's own orders; staff may look at every order.
    #[graphql(guard = "Requires(Scope::User)", requires_scopes = "user")]
    async fn order(&self, ctx: &Context<'_>, id: Id) -> Result<Option<Order>> {
        seen(ctx, id).await
    }

    /// Everybody's orders, newest first.
    #[graphql(guard = "Requires(Scope::OrdersRead)", requires_scopes = "orders:read")]
    async fn orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1 to 100, 20 when not given.")] first: Option<i32>,
        after: Option<String>,
        filter: Option<OrderFilter>,
    ) -> Result<OrderConnection> {
        let page = Page::<Uuid>::new("orders", first, after)?;
        let filter: Filter = filter.unwrap_or_default().into();
        let rows = list::page(part::<Database>(ctx)?, &filter, page.after, page.limit()).await?;
        let orders: Vec<Order> = rows.into_iter().map(Order).collect();
        page.connection(orders, |order| order.0.id, OrderTotals::Of(filter))
    }

    #[graphql(entity, guard = "Requires(Scope::User)")]
    async fn find_order_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Order>> {
        match Id::known(&id) {
            Some(id) => seen(ctx, id).await,
            None => Ok(None),
        }
    }

    #[graphql(entity)]
    async fn find_user_by_id(&self, id: ID) -> Option<User> {
        Id::known(&id).map(|id| User { id })
    }
}

/// An order that is not the caller's is as good as missing.
async fn seen(ctx: &Context<'_>, id: Id) -> Result<Option<Order>> {
    let viewer = viewer(ctx, Scope::OrdersRead)?;
    let row = part::<Rows>(ctx)?.load_one(Seen { viewer, id: id.0 }).await?;
    Ok(row.map(Order))
}

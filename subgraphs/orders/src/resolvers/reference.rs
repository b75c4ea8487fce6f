//! Things that other subgraphs own.

use async_graphql::{Context, Object, SimpleObject};
use subgraph::{Id, Requires, Result, Scope, paging::Page};
use uuid::Uuid;

use super::{
    order::{Order, OrderConnection, OrderTotals},
    part, viewer,
};
use crate::{domain::list::CustomerPage, loaders::Rows};

/// A product of the catalogue.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(unresolvable)]
pub(crate) struct Product {
    pub id: Id,
}

/// A user, with what they bought.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub id: Id,
}

#[Object]
impl User {
    async fn id(&self) -> Id {
        self.id
    }

    /// What this user ordered, newest first. Null for everybody but the user and staff.
    #[graphql(guard = "Requires(Scope::User)", requires_scopes = "user")]
    async fn orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1 to 100, 20 when not given.")] first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<OrderConnection>> {
        let customer = self.id.0;
        if !viewer(ctx, Scope::OrdersRead)?.may_see_orders_of(customer) {
            return Ok(None);
        }
        let page = Page::<Uuid>::new(format!("user:{customer}:orders"), first, after)?;
        let wanted = CustomerPage { customer, after: page.after, limit: page.limit() };
        let rows = part::<Rows>(ctx)?.load_one(wanted).await?.unwrap_or_default();
        let orders: Vec<Order> = rows.into_iter().map(Order).collect();
        let connection = page.connection(orders, |order| order.0.id, OrderTotals::OfCustomer(customer))?;
        Ok(Some(connection))
    }
}

use std::{borrow::Cow, pin::Pin};

use async_graphql::{
    Context, Response, Subscription as SubscriptionFields, SubscriptionType,
    registry::{MetaType, Registry},
};
use futures_util::{
    Stream, StreamExt as _,
    future::ready,
    stream::{once, try_unfold},
};
use subgraph::{Database, Error, Id, Requires, Result, Scope, Watch};

use super::{order::Order, part, viewer};
use crate::{
    domain::saga::is_over,
    entities::order,
    loaders::{Rows, Seen},
};

/// The fields of the subscription root.
struct Fields;

#[SubscriptionFields(name = "Subscription")]
impl Fields {
    /// One of the caller's own orders, or any order for staff: as it is now, and after every change. Versions only
    /// rise; a reader that is slow is shown the newest and not every one between. Ends once the order is cancelled and
    /// its stock is free, after which nothing can happen to it; a completed order can still be returned.
    #[graphql(guard = "Requires(Scope::User)")]
    async fn order_updated<'a>(
        &self,
        ctx: &Context<'a>,
        id: Id,
    ) -> Result<impl Stream<Item = Result<Order>> + use<'a>> {
        let key = Seen { viewer: viewer(ctx, Scope::OrdersRead)?, id: id.0 };
        follow(part::<Rows>(ctx)?, key, part::<Database>(ctx)?.watch([id.0])).await
    }
}

/// The order and what becomes of it. What is not the viewer's is as good as missing.
async fn follow(rows: &Rows, key: Seen, watch: Watch) -> Result<impl Stream<Item = Result<Order>>> {
    let first = rows.load_one(key).await?.ok_or(Error::NotFound)?;
    let follower = Follower { rows, key, watch, shown: first.version, over: is_over(&first) };
    let later = try_unfold(follower, |mut follower| async {
        let next = follower.next().await?;
        Ok(next.map(|order| (Order(order), follower)))
    });
    Ok(once(ready(Ok(Order(first)))).chain(later))
}

struct Follower<'a> {
    rows: &'a Rows,
    key: Seen,
    watch: Watch,
    /// The last version that was shown.
    shown: i32,
    over: bool,
}

impl Follower<'_> {
    /// The order once it has moved on, or `None` when it never will.
    async fn next(&mut self) -> Result<Option<order::Model>> {
        while !self.over {
            self.watch.changed().await;
            match self.rows.load_one(self.key).await {
                Ok(Some(order)) if order.version > self.shown => {
                    (self.shown, self.over) = (order.version, is_over(&order));
                    return Ok(Some(order));
                }
                // A database that is away for a moment ends no stream: the next look finds what was missed.
                Ok(Some(_)) | Err(Error::Unavailable) => {}
                Ok(None) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

/// The subscription root: [`Fields`], with the scopes that their guards ask for written into the schema, which the
/// library's macro for subscriptions cannot do.
pub(crate) struct Subscription;

const SCOPES: [(&str, Scope); 1] = [("orderUpdated", Scope::User)];

impl SubscriptionType for Subscription {
    fn type_name() -> Cow<'static, str> {
        Fields::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let name = Fields::create_type_info(registry);
        if let Some(MetaType::Object { fields, .. }) = registry.types.get_mut(&*Fields::type_name()) {
            for (field, scope) in SCOPES {
                if let Some(field) = fields.get_mut(field) {
                    field.requires_scopes = vec![scope.as_str().to_owned()];
                }
            }
        }
        name
    }

    fn create_field_stream<'a>(
        &'a self,
        ctx: &'a Context<'_>,
    ) -> Option<Pin<Box<dyn Stream<Item = Response> + Send + 'a>>> {
        Fields.create_field_stream(ctx)
    }
}

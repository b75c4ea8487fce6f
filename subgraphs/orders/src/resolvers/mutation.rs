use async_graphql::{Context, Object};
use subgraph::{Requires, Result, Scope};

use super::{
    cancel_order::{self, CancelOrderInput, CancelOrderPayload},
    place_order::{self, PlaceOrderInput, PlaceOrderPayload},
};

pub(crate) struct Mutation;

#[Object]
impl Mutation {
    /// Buys for the caller. Waits until the order is completed or cancelled, some seconds at the most, and then
    /// returns it as PENDING; it goes on by itself. The same key with the same lines is the same order; a request
    /// that made no order leaves its key unused.
    #[graphql(guard = "Requires(Scope::User)", requires_scopes = "user")]
    async fn place_order(&self, ctx: &Context<'_>, input: PlaceOrderInput) -> Result<PlaceOrderPayload> {
        place_order::resolve(ctx, input).await
    }

    /// Cancels one of the caller's own orders, and gives its stock back; staff may cancel every order. An order that
    /// is being completed is completed first. Cancelling twice is no error.
    #[graphql(guard = "Requires(Scope::User)", requires_scopes = "user")]
    async fn cancel_order(&self, ctx: &Context<'_>, input: CancelOrderInput) -> Result<CancelOrderPayload> {
        cancel_order::resolve(ctx, input).await
    }
}

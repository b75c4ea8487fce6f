//! At most one credential is checked a request, however many aliases or fragments ask for more.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_graphql::{
    Context, Guard, Request, ServerResult,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest},
};
use subgraph::Error;

/// Gives every request its one credential check.
pub(crate) struct OneCredentialCheck;

struct Spent(AtomicBool);

impl ExtensionFactory for OneCredentialCheck {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for OneCredentialCheck {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        next.run(ctx, request.data(Spent(AtomicBool::new(false)))).await
    }
}

/// Guard: the field spends the request's credential check, or is refused with `RATE_LIMITED`.
pub(crate) struct SpendsCredentialCheck;

impl Guard for SpendsCredentialCheck {
    async fn check(&self, ctx: &Context<'_>) -> async_graphql::Result<()> {
        let first = ctx.data_opt::<Spent>().is_some_and(|spent| !spent.0.swap(true, Ordering::Relaxed));
        if first { Ok(()) } else { Err(Error::RateLimited.into()) }
    }
}

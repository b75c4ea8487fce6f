//! Who asks, what for, one call to `domain`, and the shape of the answer.

pub(crate) mod credential_check;
pub(crate) mod errors;
pub(crate) mod registration;
pub(crate) mod session;
pub(crate) mod user;

use std::sync::Arc;

use async_graphql::Context;
use subgraph::{Error, Result};

use crate::domain::Authority;

/// What [`crate::schema::build`] put there.
fn authority<'a>(ctx: &Context<'a>) -> Result<&'a Authority> {
    match ctx.data_opt::<Arc<Authority>>() {
        Some(authority) => Ok(authority),
        None => Err(Error::Unavailable),
    }
}

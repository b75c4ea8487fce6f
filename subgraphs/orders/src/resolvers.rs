//! GraphQL on one side, the domain on the other: who asks, what for, one call, and the shape of the answer.

pub(crate) mod cancel_order;
pub(crate) mod errors;
pub(crate) mod mutation;
pub(crate) mod order;
pub(crate) mod place_order;
pub(crate) mod query;
pub(crate) mod reference;
pub(crate) mod subscription;

use std::{any::Any, time::Duration};

use async_graphql::Context;
use client::Deadline;
use subgraph::{Error, Identity, Result, Scope};

use crate::entities::order::Viewer;

/// Left for writing the answer and for its way back.
const FOR_THE_ANSWER: Duration = Duration::from_millis(500);
/// Where a request has no deadline.
const DEFAULT_BUDGET: Duration = Duration::from_secs(10);

/// A part of the service that was put into the schema's data.
fn part<'a, T: Any + Send + Sync>(ctx: &Context<'a>) -> Result<&'a T> {
    ctx.data_opt().ok_or_else(|| Error::internal(MissingPart(std::any::type_name::<T>())))
}

#[derive(Debug, thiserror::Error)]
#[error("the schema was built without {0}")]
struct MissingPart(&'static str);

/// Whose orders the caller sees, when one of these scopes opens everybody's.
fn viewer(ctx: &Context<'_>, staff: Scope) -> Result<Viewer> {
    let identity = Identity::of(ctx);
    if identity.has(staff) {
        return Ok(Viewer::Staff);
    }
    Ok(Viewer::Customer(identity.user_id()?))
}

fn deadline(ctx: &Context<'_>) -> Deadline {
    ctx.data_opt().copied().unwrap_or_else(|| Deadline::after(DEFAULT_BUDGET))
}

/// Until when the answer may wait for an order to settle: for as long as the service allows, but not so long that the
/// caller hears nothing.
fn answer_by(ctx: &Context<'_>, allowed: Duration) -> Deadline {
    Deadline::after(deadline(ctx).remaining().saturating_sub(FOR_THE_ANSWER).min(allowed))
}

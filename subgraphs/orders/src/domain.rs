//! What orders may do, without a word of GraphQL. In the order in which an order meets it.

pub mod arrow;
pub mod cancel;
pub mod drive;
pub mod idempotency;
pub mod list;
pub mod pricing;
pub mod place;
pub mod purchase;
pub mod recover;
pub mod saga;

//! What inventory does with stock: the rules, and for each use one transaction. Nothing here knows GraphQL.

pub(crate) mod allocate;
pub(crate) mod change_stock;
pub(crate) mod create_location;
pub(crate) mod create_stock;
pub(crate) mod expire;
pub(crate) mod idempotency;
pub(crate) mod ledger;
pub(crate) mod lines;
pub(crate) mod low_stock;
pub mod protocol;
pub(crate) mod reserve;
pub(crate) mod settle;
pub(crate) mod stock;

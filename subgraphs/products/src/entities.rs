//! The rows of this subgraph's database.

pub(crate) mod product;
pub(crate) mod search;

//! Who asks, what for, one call into the domain, and the shape of the answer.

mod catalogue;
mod errors;
mod filter;
mod product;
mod products;

pub(crate) use catalogue::Mutation;
pub(crate) use errors::UserError;
pub(crate) use products::Query;

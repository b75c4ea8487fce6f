//! Who asks, what for, one call into `domain`, and the shape of the answer.

mod errors;
mod input;
mod ledger;
mod locations;
mod low_stock;
mod reservations;
mod stock;
mod stock_changed;
mod stock_changes;

use async_graphql::MergedObject;

pub(crate) use errors::UserError;
pub(crate) use stock_changed::Subscription;

#[derive(MergedObject, Default)]
pub(crate) struct Query(stock::StockQuery, ledger::LedgerQuery, low_stock::LowStockQuery, locations::LocationQuery);

#[derive(MergedObject, Default)]
pub(crate) struct Mutation(
    stock_changes::StockMutation,
    low_stock::LowStockMutation,
    locations::LocationMutation,
    reservations::ReservationMutation,
);

/// A count as GraphQL's 32-bit `Int`; one that is too large for it is shown as the largest.
fn int(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

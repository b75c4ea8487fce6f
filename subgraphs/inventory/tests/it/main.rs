//! The stock over HTTP, on real databases, next to a real catalogue.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must fail loudly")]

mod app;
mod authorization;
mod availability;
mod carrying_over;
mod cost;
mod create_stock;
mod expiry;
mod histories;
mod hoarding;
mod invariants;
mod ledger;
mod locations;
mod low_stock;
mod protocol;
mod quantities;
mod races;
mod references;
mod reservations;
mod seed;
mod stock_changes;
mod subscriptions;

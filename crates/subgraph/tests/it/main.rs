//! What every subgraph gets for nothing, tried on one that sells nothing.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must fail loudly")]

mod app;
mod database;
mod faults;
mod gate;
mod money;
mod streams;

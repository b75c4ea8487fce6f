//! The catalogue over HTTP, on real databases.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must fail loudly")]

mod app;
mod authorization;
mod changes;
mod concurrency;
mod faults;
mod hostile;
mod listing;
mod references;
mod seed;

//! The market from outside: the shopper's stories, what they cost, and the rules of the tree.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must fail loudly")]

mod app;
mod cost;
mod layering;
mod outage;
mod ports;
mod privacy;
mod schema;
mod shopping;
mod verifying;
mod watching;

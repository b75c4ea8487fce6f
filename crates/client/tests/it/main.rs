//! The client against a service that behaves, and one that does not.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod answers;
mod batch;
mod breaker;
mod connections;
mod events;
mod faults;
mod hedging;
mod latency;
mod limit;
mod outages;
mod queue;
mod retries;
mod stub;

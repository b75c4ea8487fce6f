//! The order saga, whole: the rules of `orders` and those of `inventory`, exactly as the services run them, with a network
//! and processes between them that do everything wrong that they can.
//!
//! `search` looks at every state that small worlds can come to, `simulation` at many random walks through larger ones. Both
//! fail when any one rule of the protocol is taken away (`rules`).
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test reports, and fails loudly")]

mod rules;
mod search;
mod simulation;
mod world;

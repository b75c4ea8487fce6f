//! Orders and inventory as the services run them, on databases, through random histories: purchases, cancellations, deadlines
//! and expiries in any order, two processes at the same orders, and a wire between them and inventory that loses, doubles and
//! delays. What they come to is compared with a model of what may be.
//!
//! `HISTORY_SEED` is the seed and `HISTORIES` how many there are; a history that fails is made small and printed.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test reports, and fails loudly")]

mod model;
mod play;
mod races;
mod shop;
mod steps;
mod turns;
mod wire;

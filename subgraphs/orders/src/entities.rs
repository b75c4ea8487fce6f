//! Rows, and the finders that say whose they are.

pub mod idempotency_key;
pub mod order;
pub mod order_event;
pub mod order_line;

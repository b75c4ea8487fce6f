//! Orders over HTTP, on real databases, between the real products and inventory services. Those two are
//! dev-dependencies only: the race between an order and its stock is a property of both sides.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must fail loudly")]

mod app;
mod wire;
mod invariants;
mod wishes;
mod placing;
mod hostile;
mod idempotency;
mod cancelling;
mod arrows;
mod recovery;
mod waiting;
mod reading;
mod updates;
mod events;
mod authorization;
mod seed;

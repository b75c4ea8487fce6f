//! GraphQL over HTTP, for callers that must not fall when a service does: one deadline over everything, a breaker, a
//! bounded queue whose places follow what the service bears, retries and hedges within a
//! budget, and look-ups of one request batched together.
//!
//! The modules are listed in the order in which a call meets them.

mod settings;
mod client;
mod deadline;
mod queue;
mod limit;
mod breaker;
mod budget;
mod retry;
mod latency;
mod transport;
mod answer;
mod events;
mod error;
mod stats;
pub mod batch;

pub use answer::{GraphqlError, RawResponse, Response};
pub use batch::Lookup;
pub use breaker::{BreakerSettings, BreakerState};
pub use client::{Client, OperationKind, Request};
pub use deadline::{DEADLINE_HEADER, Deadline};
pub use error::{BadResponse, BuildError, ClientError, Unavailable};
pub use events::Events;
pub use settings::ClientSettings;
pub use stats::{BreakerStats, Stats};

//! What every process of the market needs, whatever it serves: configuration, telemetry, an HTTP server that
//! defends itself and drains, health, and the verification of access tokens. No GraphQL and no SQL in here.
//!
//! The modules are listed in the order in which a process meets them.

pub mod runtime;
pub mod config;
pub mod telemetry;
pub mod shutdown;
pub mod health;
pub mod token;
pub mod serve;

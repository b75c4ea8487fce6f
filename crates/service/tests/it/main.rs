//! What every process relies on, tested over real sockets, files and keys.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

mod client_credentials;
mod config;
mod drain;
mod hostile_clients;
mod server;
mod telemetry;
mod token;
mod token_keys;
mod workers;

//! For tests and measurements only: real databases, a real NATS server, a GraphQL client, a faulty network, and an issuer of access tokens.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up must fail loudly")]

pub mod database;
pub mod graphql;
pub mod issuer;
pub mod nats;
pub mod postgres;
pub mod proxy;
pub mod subscription;

pub use database::TestDatabase;
pub use issuer::TestIssuer;
pub use postgres::Server as PostgresServer;

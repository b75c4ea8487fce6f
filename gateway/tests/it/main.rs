#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cli_commands;
mod engine;
mod engine_async_graphql;
mod engine_authorization;
mod engine_composition;
mod engine_failures;
mod engine_introspection;
mod engine_mutations;
mod engine_recipe;
mod engine_references;
mod engine_requests;
mod engine_requires;
mod engine_types;
mod http_browsers;
mod http_forwarding;
mod http_gateway;
mod http_media;
mod http_overload;
mod http_playground;
mod http_requests;
mod identity_tokens;
mod limits_edge;
mod subscriptions;
mod subscriptions_endings;
mod subscriptions_events;
mod subscriptions_http;

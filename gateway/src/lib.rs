//! A GraphQL federation gateway: it serves any supergraph, and knows nothing of what the graph is about.
//!
//! The modules stand in the order in which a request meets them.

pub mod config;
pub mod subgraphs;
pub mod supergraph;

pub mod http;
mod identity;
mod playground;

pub mod pipeline;
mod request;
mod settings;

mod schema;
mod validate;
mod operation;
mod variables;
mod authorize;
mod canonical;
mod plan_cache;
mod planner;
mod plan;
mod execute;
mod calls;
mod flights;
mod clients;
mod json;
mod tree;
mod usual;
mod introspection;
mod project;
mod error;

//! The subgraph `auth`: identities, credentials, sessions, access tokens and the keys that sign them.
//!
//! A request is answered by [`schema`] or [`routes`], which ask `resolvers`, which call one use case in
//! `domain` each.

pub mod domain;
pub mod entities;
pub mod migrations;
pub mod schema;
pub mod settings;

mod loaders;
mod resolvers;
mod routes;

pub mod demo;
mod seed;

use std::sync::Arc;

use service::token::{JwksSource, Verifier};
use subgraph::{Assembled, BootError, Database, Parts, Subgraph, boot::Size, server};

use domain::{
    Authority, bootstrap,
    hashing::Hasher,
    housekeeping,
    keys::{KeyError, KeyRing},
    principals::Principals,
    tokens::TokenIssuer,
};
use settings::AuthSettings;

/// The subgraph that says who people are.
#[derive(Clone)]
pub struct Auth;

impl Subgraph for Auth {
    const NAME: &'static str = "auth";
    const PORT: u16 = 8000;
    type Settings = AuthSettings;
    type Migrator = migrations::Migrator;

    fn sdl() -> String {
        subgraph::sdl::export(&schema::builder().finish())
    }

    async fn assemble(parts: Parts<AuthSettings>) -> Result<Assembled, BootError> {
        let settings = parts.settings;
        settings.check().map_err(BootError::Setting)?;
        let principals = Principals::new(&settings.principals).map_err(unusable)?;
        let keys = KeyRing::open(parts.database.clone()).await.map_err(key_fault)?;
        let mut gate = parts.gate;
        // Its own keys are at hand: no request to itself, and none before it listens.
        gate.verifier =
            Verifier::with_source(parts.identity.clone(), JwksSource::Local(keys.published())).map_err(unusable)?;
        let authority = Arc::new(Authority {
            database: parts.database,
            hasher: Hasher::new(&settings.hashing).map_err(unusable)?,
            issuer: TokenIssuer {
                keys,
                issuer: parts.identity.issuer,
                audience: parts.identity.audience,
                lifetime: settings.access_token_lifetime,
            },
            sessions: settings.sessions,
        });
        if let Some(admin) = &settings.bootstrap_admin {
            bootstrap::ensure_admin(&authority, admin).await.map_err(unusable)?;
        }
        housekeeping::spawn(authority.clone(), settings.key_rotation, parts.shutdown);
        Ok(Assembled {
            router: server::router(schema::build(authority.clone()), gate).merge(routes::router(authority, principals)),
        })
    }

    async fn seed(database: &Database, size: Size) -> Result<(), BootError> {
        Ok(seed::seed(database, size).await?)
    }
}

fn unusable(error: impl ToString) -> BootError {
    BootError::Setting(error.to_string())
}

fn key_fault(error: KeyError) -> BootError {
    match error {
        KeyError::Database(error) => error.into(),
        other => unusable(other),
    }
}

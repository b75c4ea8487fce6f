//! The rules, without HTTP and without GraphQL: what an account is, how somebody proves that it is
//! theirs, and what they get for it.

pub mod account;
pub mod password;
pub mod roles;

pub mod hashing;
pub mod keys;
pub mod tokens;

pub mod login;
pub mod logout;
pub mod principals;
pub mod refresh;
pub mod register;

pub mod bootstrap;
pub mod housekeeping;

mod backoff;
mod refresh_token;
mod sessions;

use subgraph::Database;

use hashing::Hasher;
use tokens::TokenIssuer;

use crate::settings::SessionSettings;

pub use sessions::SignedIn;

/// What the use cases work with.
pub struct Authority {
    pub database: Database,
    pub hasher: Hasher,
    pub issuer: TokenIssuer,
    pub sessions: SessionSettings,
}

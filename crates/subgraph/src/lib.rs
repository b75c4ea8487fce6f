//! What every Mercado subgraph needs, so that the four of them differ only in what they sell.
//!
//! Read in the order of a process's life: [`boot`] (commands, settings, start), [`database`], [`feed`] (what changes
//! in it), [`outbox`] (what others are told of it), [`server`] (HTTP to schema), [`identity`] (who asks), [`peer`]
//! (whom it asks), [`worker`] (what nobody asks for), [`DataLoader`] (what many ask for), then the vocabulary that schemas share: [`error`], [`user_error`], [`id`], [`money`],
//! [`text`], [`paging`], [`time`] and [`sdl`]. [`fingerprint()`] is what is kept of a request, [`audit`] finds rows that
//! break a rule, and [`fail_point`] is where tests let a process die.

pub mod audit;
pub mod boot;
pub mod database;
pub mod error;
pub mod fail_point;
pub mod feed;
mod fingerprint;
pub mod id;
pub mod identity;
mod loader;
pub mod money;
pub mod outbox;
pub mod paging;
pub mod peer;
pub mod sdl;
pub mod server;
pub mod text;
pub mod time;
pub mod user_error;
pub mod worker;

pub use boot::{Assembled, BootError, Parts, Running, Subgraph, SubgraphSettings};
pub use database::{Database, DatabaseSettings};
pub use error::{Error, Result};
pub use feed::Watch;
pub use fingerprint::fingerprint;
pub use id::Id;
pub use identity::{Caller, Identity, Requires, Scope};
pub use loader::{DataLoader, Key, Loader};
pub use money::{Currency, Money, MoneyInput};
pub use peer::Peer;

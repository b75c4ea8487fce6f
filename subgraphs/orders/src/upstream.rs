//! The services that orders asks, each with the token of its own service principal.

pub mod catalogue;
pub mod inventory;

use subgraph::peer;

/// Why a call brought no answer. Whether it had its effect is unknown.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error(transparent)]
    Call(#[from] peer::CallError),
    /// An answer that this protocol does not have; it carries the error codes.
    #[error("inventory refused: {0}")]
    Refused(String),
}

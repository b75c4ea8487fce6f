//! Refresh tokens: 256 random bits that mean nothing but the row that their hash finds.

use aws_lc_rs::rand;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use subgraph::{Error, Result};

/// A fresh token, before it is handed out.
pub(super) struct RefreshToken {
    pub(super) token: String,
    pub(super) hash: Vec<u8>,
}

impl RefreshToken {
    pub(super) fn generate() -> Result<Self> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).map_err(Error::internal)?;
        let token = URL_SAFE_NO_PAD.encode(bytes);
        Ok(Self { hash: hash(&token), token })
    }
}

/// No salt and no stretching: nobody guesses 256 random bits.
pub(super) fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

//! The keys of one JWK Set that may verify access tokens.

use std::collections::HashMap;

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use serde::Deserialize;
use serde_json::Value;

/// Verifying keys by their `kid`.
#[derive(Debug, Default)]
pub(super) struct KeySet(HashMap<String, DecodingKey>);

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a JWK Set and leaves out the keys that are for something else or of a kind not known here (RFC 7517,
    /// section 5, asks for that). `None` when it is no JWK Set.
    pub(super) fn parse(document: &[u8]) -> Option<Self> {
        let document: Document = serde_json::from_slice(document).ok()?;
        let keys = document.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
        Some(keys.collect())
    }

    pub(super) fn get(&self, key_id: &str) -> Option<DecodingKey> {
        self.0.get(key_id).cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl FromIterator<Jwk> for KeySet {
    fn from_iter<I: IntoIterator<Item = Jwk>>(keys: I) -> Self {
        Self(keys.into_iter().filter_map(|key| entry(&key)).collect())
    }
}

fn entry(key: &Jwk) -> Option<(String, DecodingKey)> {
    let signs = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let algorithm = matches!(key.common.key_algorithm, None | Some(KeyAlgorithm::EdDSA));
    let AlgorithmParameters::OctetKeyPair(parameters) = &key.algorithm else { return None };
    if !signs || !algorithm || parameters.curve != EllipticCurve::Ed25519 {
        return None;
    }
    Some((key.common.key_id.clone()?, DecodingKey::from_jwk(key).ok()?))
}

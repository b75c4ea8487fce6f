//! What an access token says.

use jsonwebtoken::get_current_timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::TokenError;

/// The claims of an access token (RFC 9068, section 2.2). Times are seconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    /// The user, or the service principal.
    pub sub: String,
    /// One audience: a list of them is not accepted.
    pub aud: String,
    pub exp: u64,
    pub nbf: u64,
    pub iat: u64,
    pub jti: String,
    /// The session, where a person signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Separated by spaces in the token (RFC 8693, section 4.2).
    #[serde(default, serialize_with = "joined", deserialize_with = "separated")]
    pub scope: Vec<String>,
}

impl Claims {
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scope.iter().any(|held| held == scope)
    }

    /// What the JWT library does not look at.
    pub(super) fn check(&self, leeway: u64) -> Result<(), TokenError> {
        let now = get_current_timestamp();
        let claims = [
            ("sub", !self.sub.is_empty()),
            ("jti", !self.jti.is_empty()),
            ("iat", self.iat <= now.saturating_add(leeway)),
        ];
        claims.into_iter().find(|(_, fine)| !fine).map_or(Ok(()), |(name, _)| Err(TokenError::Claim(name)))
    }
}

fn joined<S: Serializer>(scope: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&scope.join(" "))
}

fn separated<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(text.split_ascii_whitespace().map(str::to_owned).collect())
}

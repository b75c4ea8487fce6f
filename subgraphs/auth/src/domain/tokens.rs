//! Access tokens: JWTs by RFC 9068, signed with EdDSA.

use std::time::Duration;

use jsonwebtoken::{Header, encode, get_current_timestamp};
use service::token::{ALGORITHM, Claims, TOKEN_TYPE};
use subgraph::{Error, Result};
use uuid::Uuid;

use super::{keys::KeyRing, roles};
use crate::entities::user;

/// Signs access tokens. Nobody is asked whether one is still good: it is until it expires, so its life is short.
pub struct TokenIssuer {
    pub keys: KeyRing,
    pub issuer: String,
    pub audience: String,
    pub lifetime: Duration,
}

/// A signed token, and how long it is good for from now.
pub struct AccessToken {
    pub token: String,
    pub expires_in: Duration,
}

impl TokenIssuer {
    /// A token with the scopes that the user's role has at this moment.
    pub fn for_user(&self, user: &user::Model, session: Uuid) -> Result<AccessToken> {
        let scope = roles::scopes(user.role).iter().map(|scope| scope.as_str().to_owned());
        self.sign(user.id.to_string(), Some(session.to_string()), scope.collect())
    }

    /// A token for a service principal, which has no session.
    pub fn for_principal(&self, name: &str, scope: Vec<String>) -> Result<AccessToken> {
        self.sign(name.to_owned(), None, scope)
    }

    fn sign(&self, sub: String, sid: Option<String>, scope: Vec<String>) -> Result<AccessToken> {
        let (now, key) = (get_current_timestamp(), self.keys.current());
        let claims = Claims {
            iss: self.issuer.clone(),
            sub,
            aud: self.audience.clone(),
            exp: now + self.lifetime.as_secs(),
            nbf: now,
            iat: now,
            jti: Uuid::now_v7().to_string(),
            sid,
            scope,
        };
        let header =
            Header { typ: Some(TOKEN_TYPE.to_owned()), kid: Some(key.kid.to_string()), ..Header::new(ALGORITHM) };
        Ok(AccessToken {
            token: encode(&header, &claims, &key.key).map_err(Error::internal)?,
            expires_in: self.lifetime,
        })
    }
}

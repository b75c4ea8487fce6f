//! Service principals: programs that act on their own account, known from the settings.

use std::collections::BTreeMap;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::settings::PrincipalSettings;

/// 256 bits in hexadecimal take 64 characters, in base64 43; a passphrase of 32 is the least.
const MIN_SECRET_CHARS: usize = 32;

/// Setting that cannot work; the message names the principal.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrincipalError {
    #[error("service.principals.{0}.secret: at least {MIN_SECRET_CHARS} characters are needed")]
    ShortSecret(String),
    #[error("service.principals.{0}: the name of a principal must not look like a user's id")]
    Name(String),
    #[error("service.principals.{0}.scopes: {1:?} is not a scope (RFC 6749, section 3.3)")]
    Scope(String, String),
}

/// Who may ask for tokens by the client credentials grant. Secrets are held as digests.
pub struct Principals(BTreeMap<String, Principal>);

struct Principal {
    digest: [u8; 32],
    scopes: Vec<String>,
}

impl Principals {
    pub fn new(settings: &BTreeMap<String, PrincipalSettings>) -> Result<Self, PrincipalError> {
        let principals = settings.iter().map(|(name, settings)| {
            check(name, settings)?;
            let principal =
                Principal { digest: digest(settings.secret.expose_secret()), scopes: settings.scopes.clone() };
            Ok((name.clone(), principal))
        });
        Ok(Self(principals.collect::<Result<_, PrincipalError>>()?))
    }

    /// The scopes of the principal with this name and secret. How long that takes tells nothing of the secret,
    /// nor whether there is such a principal.
    pub fn authenticate(&self, name: &str, secret: &str) -> Option<&[String]> {
        let principal = self.0.get(name);
        let expected = principal.map_or([0; 32], |principal| principal.digest);
        let equal = verify_slices_are_equal(&digest(secret), &expected).is_ok();
        principal.filter(|_| equal).map(|principal| principal.scopes.as_slice())
    }
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

fn check(name: &str, settings: &PrincipalSettings) -> Result<(), PrincipalError> {
    if Uuid::try_parse(name).is_ok() {
        return Err(PrincipalError::Name(name.to_owned()));
    }
    if settings.secret.expose_secret().chars().count() < MIN_SECRET_CHARS {
        return Err(PrincipalError::ShortSecret(name.to_owned()));
    }
    let is_scope = |scope: &String| {
        !scope.is_empty() && scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
    };
    match settings.scopes.iter().find(|scope| !is_scope(scope)) {
        Some(scope) => Err(PrincipalError::Scope(name.to_owned(), scope.clone())),
        None => Ok(()),
    }
}

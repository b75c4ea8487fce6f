//! Access tokens: who the caller is, as `auth` signed it (RFC 9068, a JWT profile for access tokens).

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};

mod claims;
mod client_credentials;
mod endpoint;
mod error;
mod jwks;
mod key_set;

pub use claims::Claims;
pub use client_credentials::{ClientCredentials, ClientCredentialsSettings, GrantError};
pub use endpoint::EndpointError;
pub use error::{TokenError, VerifierError};
pub use jwks::JwksSource;

/// The header `typ` of an access token (RFC 9068, section 2.1): what keeps other tokens of the same issuer out.
pub const TOKEN_TYPE: &str = "at+jwt";

/// Ed25519 signatures (RFC 8037), the only ones that are accepted.
pub const ALGORITHM: Algorithm = Algorithm::EdDSA;

/// Longer tokens are not looked at.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// A `kid` of ours is short; a long one is somebody's experiment.
const MAX_KEY_ID_BYTES: usize = 128;

/// How tokens are verified, and where the keys come from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VerifierSettings {
    /// The issuer's JWK Set (RFC 7517). Fetched from here only, whatever a token says.
    pub jwks_url: String,
    pub issuer: String,
    pub audience: String,
    /// A key that the issuer withdrew is refused after this long at the latest.
    #[serde(with = "humantime_serde")]
    pub cache_ttl: Duration,
    /// Keys are asked for at most once in this time, however many tokens name unknown ones.
    #[serde(with = "humantime_serde")]
    pub cooldown: Duration,
    /// While the issuer is down, keys stay in use for this long.
    #[serde(with = "humantime_serde")]
    pub max_stale: Duration,
    /// What clocks may differ by; no more than 30 seconds are allowed.
    #[serde(with = "humantime_serde")]
    pub leeway: Duration,
}

impl Default for VerifierSettings {
    fn default() -> Self {
        Self {
            jwks_url: "http://127.0.0.1:8000/.well-known/jwks.json".to_owned(),
            issuer: "https://auth.mercado.internal".to_owned(),
            audience: "mercado".to_owned(),
            cache_ttl: Duration::from_secs(300),
            cooldown: Duration::from_secs(5),
            max_stale: Duration::from_secs(3600),
            leeway: Duration::from_secs(10),
        }
    }
}

/// Verifies access tokens. Clones share their keys.
#[derive(Clone, Debug)]
pub struct Verifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    validation: Validation,
    keys: jwks::Keys,
}

impl Verifier {
    /// Fetches keys from `settings.jwks_url`, the first time when the first token comes.
    ///
    /// # Errors
    /// When the URL or the leeway is not usable.
    pub fn new(settings: VerifierSettings) -> Result<Self, VerifierError> {
        let source = JwksSource::Url(settings.jwks_url.clone());
        Self::with_source(settings, source)
    }

    /// As [`new`](Self::new), with keys from `source` in place of `settings.jwks_url`.
    ///
    /// # Errors
    /// When the URL or the leeway is not usable.
    pub fn with_source(settings: VerifierSettings, source: JwksSource) -> Result<Self, VerifierError> {
        let validation = validation(&settings)?;
        let keys = jwks::Keys::new(source, &settings)?;
        Ok(Self(Arc::new(Inner { validation, keys })))
    }

    /// The claims of `token`, the part of an `Authorization` header after `Bearer `.
    ///
    /// # Errors
    /// [`TokenError::KeysUnavailable`] when no key could be had, so that nothing can be said about the token; each
    /// other error means that this token is not acceptable.
    pub async fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        let key_id = key_id(token)?;
        let key = self.0.keys.find(&key_id).await?;
        let claims = decode::<Claims>(token, &key, &self.0.validation)?.claims;
        claims.check(self.0.validation.leeway)?;
        Ok(claims)
    }
}

fn validation(settings: &VerifierSettings) -> Result<Validation, VerifierError> {
    if settings.leeway > Duration::from_secs(30) {
        return Err(VerifierError::Leeway(settings.leeway));
    }
    let mut validation = Validation::new(ALGORITHM);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    validation.set_issuer(&[&settings.issuer]);
    validation.set_audience(&[&settings.audience]);
    // jsonwebtoken checks neither by default, and allows a minute.
    validation.validate_nbf = true;
    validation.leeway = settings.leeway.as_secs();
    Ok(validation)
}

/// Checks the shape of `token` and its header, before any key is looked for.
fn key_id(token: &str) -> Result<String, TokenError> {
    if token.len() > MAX_TOKEN_BYTES || token.split('.').count() != 3 {
        return Err(TokenError::Malformed);
    }
    let header = decode_header(token).map_err(|error| match error.kind() {
        // An algorithm that the library does not know, `none` among them, is good JSON that does not fit its type.
        ErrorKind::Json(error) if error.is_data() => TokenError::Header("alg"),
        _ => TokenError::Malformed,
    })?;
    check_header(&header)?;
    let known_shape = |id: &String| !id.is_empty() && id.len() <= MAX_KEY_ID_BYTES;
    header.kid.filter(known_shape).ok_or(TokenError::Header("kid"))
}

/// RFC 8725: the algorithm and the type are pinned, and keys that a token brings along are never used. `crit` asks for
/// extensions that are not understood here (RFC 7515, section 4.1.11).
fn check_header(header: &Header) -> Result<(), TokenError> {
    let typ = header.typ.as_deref().unwrap_or_default();
    let typ = typ.strip_prefix("application/").unwrap_or(typ);
    let parameters = [
        ("alg", header.alg == ALGORITHM),
        ("typ", typ.eq_ignore_ascii_case(TOKEN_TYPE)),
        ("crit", header.crit.is_none()),
        ("jku", header.jku.is_none()),
        ("jwk", header.jwk.is_none()),
        ("x5u", header.x5u.is_none()),
        ("x5c", header.x5c.is_none()),
        ("zip", header.zip.is_none()),
        ("enc", header.enc.is_none()),
    ];
    parameters.into_iter().find(|(_, fine)| !fine).map_or(Ok(()), |(name, _)| Err(TokenError::Header(name)))
}

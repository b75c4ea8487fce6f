//! Why a token is not accepted. None of these texts goes to a client: all a client learns is "not authenticated".

use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;

use super::endpoint::EndpointError;

/// Why a token was refused, or could not be judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a signed JWT of an acceptable size, or a part of it does not decode.
    #[error("not a well-formed access token")]
    Malformed,
    #[error("the token header's `{0}` is not acceptable")]
    Header(&'static str),
    #[error("the token names an unknown key")]
    UnknownKey,
    #[error("the token's signature does not match")]
    Signature,
    #[error("the token has expired")]
    Expired,
    #[error("the token's claim `{0}` is missing or not acceptable")]
    Claim(&'static str),
    /// Says nothing about the token: try again later.
    #[error("no keys to verify the token with")]
    KeysUnavailable,
}

impl From<jsonwebtoken::errors::Error> for TokenError {
    fn from(error: jsonwebtoken::errors::Error) -> Self {
        match error.kind() {
            ErrorKind::ExpiredSignature => Self::Expired,
            ErrorKind::InvalidSignature => Self::Signature,
            ErrorKind::ImmatureSignature => Self::Claim("nbf"),
            ErrorKind::InvalidIssuer => Self::Claim("iss"),
            ErrorKind::InvalidAudience => Self::Claim("aud"),
            ErrorKind::InvalidSubject => Self::Claim("sub"),
            ErrorKind::MissingRequiredClaim(name) | ErrorKind::InvalidClaimFormat(name) => Self::Claim(claim(name)),
            _ => Self::Malformed,
        }
    }
}

fn claim(name: &str) -> &'static str {
    const REQUIRED: [&str; 5] = ["exp", "nbf", "iss", "aud", "sub"];
    REQUIRED.into_iter().find(|required| *required == name).unwrap_or("(other)")
}

/// The verifier's settings are not usable.
#[derive(Debug, thiserror::Error)]
pub enum VerifierError {
    #[error("a leeway of {} s is more than 30 s", .0.as_secs())]
    Leeway(Duration),
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
}

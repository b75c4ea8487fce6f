//! Who asks: the caller of one request, from its headers.

use std::time::{Duration, SystemTime};

use client::Deadline;
use http::{HeaderMap, HeaderValue, header};
use service::telemetry::TraceContext;
use service::token::{Claims, TokenError, Verifier};
use thiserror::Error;

use crate::http::ForwardedHeader;
use crate::pipeline::Caller;

/// What the edge takes from a request's headers. All the others stop here.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// Without one, tokens are neither read nor trusted: every caller is anonymous to the gateway, so that fields
    /// with an authorisation directive are denied, while subgraphs get the token and decide for themselves.
    verifier: Option<Verifier>,
    forwarded: Vec<ForwardedHeader>,
}

#[derive(Debug, Error)]
pub(crate) enum IdentityError {
    /// Whoever stands before or behind this gateway might read the other one.
    #[error("The header Authorization is repeated.")]
    Ambiguous,
    /// One text for every reason: which check failed helps only a forger. The log has it.
    #[error("The access token is not valid.")]
    Invalid,
    #[error("Access tokens cannot be verified at the moment. Try again.")]
    Unavailable,
}

impl Identity {
    pub(crate) fn new(verifier: Option<Verifier>, forwarded: Vec<ForwardedHeader>) -> Self {
        Self { verifier, forwarded }
    }

    /// No token makes an anonymous caller; a bad one makes none at all, lest a client whose token has expired takes
    /// what anyone may see for what it may see itself.
    pub(crate) async fn caller(
        &self,
        headers: &HeaderMap,
        trace: &TraceContext,
        deadline: Deadline,
        allow_mutation: bool,
    ) -> Result<Caller, IdentityError> {
        let authorization = authorization(headers)?;
        let claims = match (authorization, &self.verifier) {
            (Some(value), Some(verifier)) => Some(verified(verifier, value).await?),
            _ => None,
        };
        Ok(Caller {
            authenticated: claims.is_some(),
            expires_at: claims.as_ref().map(expiry),
            scopes: claims.into_iter().flat_map(|claims| claims.scope).collect(),
            authorization: authorization.cloned(),
            forwarded: self.forwarded(headers),
            trace: trace.clone(),
            deadline,
            allow_mutation,
        })
    }

    fn forwarded(&self, headers: &HeaderMap) -> HeaderMap {
        let mut forwarded = HeaderMap::new();
        for header in &self.forwarded {
            for value in headers.get_all(header.name()) {
                forwarded.append(header.name(), value.clone());
            }
        }
        forwarded
    }
}

fn authorization(headers: &HeaderMap) -> Result<Option<&HeaderValue>, IdentityError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (only, None) => Ok(only),
        _ => Err(IdentityError::Ambiguous),
    }
}

async fn verified(verifier: &Verifier, authorization: &HeaderValue) -> Result<Claims, IdentityError> {
    let token = bearer(authorization).ok_or(IdentityError::Invalid)?;
    match verifier.verify(token).await {
        Ok(claims) => Ok(claims),
        Err(error @ TokenError::KeysUnavailable) => {
            tracing::warn!(%error, "token not verified");
            Err(IdentityError::Unavailable)
        }
        Err(error) => {
            tracing::info!(%error, "token refused");
            Err(IdentityError::Invalid)
        }
    }
}

/// On the clock that later steps of the wall clock do not move.
fn expiry(claims: &Claims) -> Deadline {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Deadline::after(Duration::from_secs(claims.exp).saturating_sub(now))
}

/// RFC 6750, section 2.1, where the scheme's name is case-insensitive as in RFC 9110, section 11.1.
fn bearer(authorization: &HeaderValue) -> Option<&str> {
    let (scheme, token) = authorization.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
}

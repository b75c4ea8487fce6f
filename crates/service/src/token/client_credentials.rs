//! Tokens for calls that a service makes on its own account (RFC 6749, section 4.4).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use http::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};

use super::endpoint::{self, Endpoint, EndpointError};

const FETCH_TIMEOUT: Duration = Duration::from_secs(3);

/// A longer life is not believed; it also keeps the arithmetic on instants far from overflow.
const MAX_LIFE_SECONDS: u64 = 24 * 60 * 60;

/// After a refused or failed request, how long the same answer is given without asking again.
const COOLDOWN: Duration = Duration::from_secs(1);

/// Who this service is to the issuer, and where to ask.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientCredentialsSettings {
    pub token_url: String,
    pub client_id: String,
    #[serde(skip_serializing)]
    pub client_secret: SecretString,
}

impl Default for ClientCredentialsSettings {
    fn default() -> Self {
        Self {
            token_url: "http://127.0.0.1:8000/oauth/token".to_owned(),
            client_id: String::new(),
            client_secret: SecretString::default(),
        }
    }
}

/// No token can be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// The issuer answered, and will not give one: a wrong id or secret.
    #[error("the issuer refuses a token to this service ({0})")]
    Refused(u16),
    #[error("the issuer cannot be reached or does not answer in time")]
    Unavailable,
}

/// The access token of a service principal, renewed before it expires. Clones share it.
#[derive(Clone, Debug)]
pub struct ClientCredentials(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    endpoint: Endpoint,
    settings: ClientCredentialsSettings,
    cache: Mutex<Cache>,
    /// Held by the one task that asks.
    flight: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Cache {
    token: Option<Token>,
    failure: Option<(GrantError, Instant)>,
}

#[derive(Clone, Debug)]
struct Token {
    bearer: HeaderValue,
    asked: Instant,
    renew: Instant,
    expires: Instant,
}

impl ClientCredentials {
    /// Asks for nothing yet.
    ///
    /// # Errors
    /// When `settings.token_url` is not usable.
    pub fn new(settings: ClientCredentialsSettings) -> Result<Self, EndpointError> {
        let endpoint = Endpoint::new(&settings.token_url, FETCH_TIMEOUT)?;
        Ok(Self(Arc::new(Inner { endpoint, settings, cache: Mutex::default(), flight: tokio::sync::Mutex::default() })))
    }

    /// A value for `Authorization`, marked sensitive. Renewal happens behind the callers while the old token is good,
    /// so that only the first call, and one after the issuer was down for long, waits.
    ///
    /// # Errors
    /// When there is no valid token and none could be had before `deadline`.
    pub async fn bearer(&self, deadline: impl Into<Instant>) -> Result<HeaderValue, GrantError> {
        if let Some(token) = self.0.valid_token() {
            if Instant::now() >= token.renew && self.0.may_ask() {
                tokio::spawn(renew(Arc::clone(&self.0)));
            }
            return Ok(token.bearer);
        }
        // In a task of its own, so that the request goes on for the others when this caller hangs up.
        let renewal = tokio::spawn(renew(Arc::clone(&self.0)));
        match timeout_at(deadline.into(), renewal).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => Err(GrantError::Unavailable),
        }
    }

    /// Tell it the error code of a call that failed with `bearer`: a token that was refused (`UNAUTHENTICATED`) is not used
    /// again, since its issuer's clock or key was wrong. Another one is asked for once a second at most.
    pub fn heed(&self, code: &str, bearer: &HeaderValue) {
        let refused = |token: &mut Token| token.bearer == *bearer && token.asked.elapsed() > COOLDOWN;
        if code == "UNAUTHENTICATED" {
            self.0.cache().token.take_if(refused);
        }
    }
}

impl Inner {
    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn valid_token(&self) -> Option<Token> {
        self.cache().token.clone().filter(|token| Instant::now() < token.expires)
    }

    /// Whether nobody is asking, and the last time was not in vain just now.
    fn may_ask(&self) -> bool {
        self.flight.try_lock().is_ok() && self.recent_failure().is_none()
    }

    fn recent_failure(&self) -> Option<GrantError> {
        self.cache().failure.clone().filter(|(_, at)| at.elapsed() < COOLDOWN).map(|(error, _)| error)
    }
}

async fn renew(inner: Arc<Inner>) -> Result<HeaderValue, GrantError> {
    let _flight = inner.flight.lock().await;
    if let Some(token) = inner.valid_token().filter(|token| Instant::now() < token.renew) {
        return Ok(token.bearer);
    }
    if let Some(error) = inner.recent_failure() {
        return Err(error);
    }
    let granted = grant(&inner).await;
    let mut cache = inner.cache();
    match granted {
        Ok(token) => {
            let bearer = token.bearer.clone();
            *cache = Cache { token: Some(token), failure: None };
            Ok(bearer)
        }
        Err(error) => {
            tracing::warn!(client_id = inner.settings.client_id, %error, "no service token");
            cache.failure = Some((error.clone(), Instant::now()));
            Err(error)
        }
    }
}

/// The part of an access token response (RFC 6749, section 5.1) that matters here.
#[derive(Deserialize)]
struct Grant {
    access_token: String,
    expires_in: u64,
}

async fn grant(inner: &Inner) -> Result<Token, GrantError> {
    let asked = Instant::now();
    let response = inner
        .endpoint
        .post()
        .basic_auth(encoded(&inner.settings.client_id), Some(encoded(inner.settings.client_secret.expose_secret())))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials")
        .send()
        .await
        .map_err(|_| GrantError::Unavailable)?;
    let status = response.status();
    if status.is_client_error() {
        return Err(GrantError::Refused(status.as_u16()));
    }
    let body = endpoint::body(response).await.filter(|_| status.is_success()).ok_or(GrantError::Unavailable)?;
    let grant: Grant = serde_json::from_slice(&body).map_err(|_| GrantError::Unavailable)?;
    token(&grant, asked).ok_or(GrantError::Unavailable)
}

/// Id and secret are form-encoded before they are joined by a colon (RFC 6749, section 2.3.1).
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Renewed after four fifths of its life, counted from before it was asked for.
fn token(grant: &Grant, asked: Instant) -> Option<Token> {
    let mut bearer = HeaderValue::try_from(format!("Bearer {}", grant.access_token)).ok()?;
    bearer.set_sensitive(true);
    let life = Duration::from_secs(grant.expires_in.min(MAX_LIFE_SECONDS));
    Some(Token { bearer, asked, renew: asked + life * 4 / 5, expires: asked + life })
}

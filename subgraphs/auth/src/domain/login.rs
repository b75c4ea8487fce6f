//! A person proves who they are with a password.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use subgraph::Error;

use super::{
    Authority, SignedIn,
    account::Email,
    backoff::{self, Account},
    hashing::Turn,
    password, sessions,
};
use crate::entities::user;

pub struct Credentials {
    pub email: String,
    pub password: SecretString,
}

#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Said alike, and after equal work, whether the address is unknown, the password wrong or the account disabled.
    #[error("E-mail address or password is wrong.")]
    InvalidCredentials,
    /// Said alike whether or not the address has an account.
    #[error("Too many attempts. Try again later.")]
    Blocked { retry_after: Duration },
    #[error(transparent)]
    Fault(#[from] Error),
}

/// Opens a session.
pub async fn login(authority: &Authority, credentials: Credentials) -> Result<SignedIn, LoginError> {
    // No account has such an address or password, so saying so at once tells nothing.
    let email = Email::parse(&credentials.email).ok_or(LoginError::InvalidCredentials)?;
    if !password::is_possible(credentials.password.expose_secret()) {
        return Err(LoginError::InvalidCredentials);
    }
    let account = Account::from(&email);
    // First, so that an attempt that was shed does not count against the account.
    let turn = authority.hasher.turn().await?;
    if let Err(backoff::Blocked(retry_after)) = backoff::charge(&authority.database, &account).await? {
        tracing::warn!(retry_after_s = retry_after.as_secs(), "sign-in refused: too many attempts");
        return Err(LoginError::Blocked { retry_after });
    }
    let user = check(authority, turn, &email, credentials.password).await?;
    backoff::forgive(&authority.database, &account).await?;
    tracing::info!(user.id = %user.id, "signed in");
    Ok(sessions::open(authority, user).await?)
}

async fn check(
    authority: &Authority,
    turn: Turn,
    email: &Email,
    password: SecretString,
) -> Result<user::Model, LoginError> {
    let user = user::Entity::by_email(authority.database.read(), email.as_str()).await.map_err(Error::from)?;
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let proved = authority.hasher.verify(turn, password, hash).await?;
    match user {
        Some(user) if proved && user.disabled_at.is_none() => Ok(user),
        known => {
            let user = known.map(|user| user.id.to_string());
            tracing::info!(user.id = user.as_deref().unwrap_or("none"), "sign-in failed");
            Err(LoginError::InvalidCredentials)
        }
    }
}

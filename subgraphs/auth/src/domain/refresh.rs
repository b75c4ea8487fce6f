//! A session goes on: a refresh token is exchanged for new tokens, once.

use chrono::{DateTime, TimeDelta, Utc};
use subgraph::{Error, time};

use super::{
    Authority, SignedIn,
    refresh_token::{self, RefreshToken},
    sessions,
};
use crate::entities::{
    refresh_token::{Entity as RefreshTokens, Model as Row},
    session::{self, Revocation},
    user,
};

/// A client whose answer got lost, or whose two tabs refresh at once, sends a token twice within moments. That
/// gets it no second successor, but does not end its session either.
const GRACE: TimeDelta = TimeDelta::seconds(10);

#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Said alike whether the token is unknown, used, expired, or its session or account has ended.
    #[error("This refresh token is not valid. Sign in again.")]
    InvalidToken,
    #[error(transparent)]
    Fault(#[from] Error),
}

impl From<sea_orm::DbErr> for RefreshError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Fault(error.into())
    }
}

/// Exchanges a refresh token for the next one and an access token with the user's present role.
///
/// A token that was used before ends its session, unless it comes again within moments and before its
/// successor was used (RFC 9700, section 4.14.2).
pub async fn refresh(authority: &Authority, token: &str) -> Result<SignedIn, RefreshError> {
    let (now, read) = (time::now(), authority.database.read());
    let hash = refresh_token::hash(token);
    let used = RefreshTokens::by_hash(read, &hash).await?.ok_or(RefreshError::InvalidToken)?;
    let session = session::Entity::live(read, used.session_id, now).await?.ok_or(RefreshError::InvalidToken)?;
    let user = user::Entity::active(read, session.user_id).await?.ok_or(RefreshError::InvalidToken)?;
    if let (Some(at), Some(successor)) = (used.rotated_at, &used.successor) {
        answer_reuse(authority, &session, at, successor, now).await?;
        return Err(RefreshError::InvalidToken);
    }
    let next = exchange(authority, &used, &session, now).await?;
    Ok(sessions::signed_in(authority, user, session.id, next)?)
}

/// The compare-and-swap that lets one of many exchanges win.
async fn exchange(
    authority: &Authority,
    used: &Row,
    session: &session::Model,
    now: DateTime<Utc>,
) -> Result<RefreshToken, RefreshError> {
    if used.expires_at <= now {
        return Err(RefreshError::InvalidToken);
    }
    let next = RefreshToken::generate()?;
    let transaction = authority.database.begin().await?;
    if !RefreshTokens::rotate(&transaction, &used.hash, &next.hash, now).await? {
        transaction.rollback().await?;
        return Err(RefreshError::InvalidToken);
    }
    sessions::store(&transaction, &next, session, &authority.sessions, now).await?;
    transaction.commit().await?;
    Ok(next)
}

async fn answer_reuse(
    authority: &Authority,
    session: &session::Model,
    rotated_at: DateTime<Utc>,
    successor: &[u8],
    now: DateTime<Utc>,
) -> Result<(), RefreshError> {
    let successor = RefreshTokens::by_hash(authority.database.read(), successor).await?;
    let successor_used = successor.is_none_or(|successor| successor.rotated_at.is_some());
    if now - rotated_at < GRACE && !successor_used {
        return Ok(());
    }
    session::Entity::revoke(authority.database.write(), session.id, Revocation::Reuse, now).await?;
    tracing::warn!(session.id = %session.id, user.id = %session.user_id, "refresh token reused, session revoked");
    Ok(())
}

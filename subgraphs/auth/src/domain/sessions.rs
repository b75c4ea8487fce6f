//! What a person holds after proving who they are.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait as _, ConnectionTrait, DbErr, IntoActiveModel as _};
use subgraph::{Result, time};
use uuid::Uuid;

use super::{Authority, refresh_token::RefreshToken, tokens::AccessToken};
use crate::{
    entities::{refresh_token, session, user},
    settings::SessionSettings,
};

/// A session's tokens, and whose they are.
pub struct SignedIn {
    pub user: user::Profile,
    pub access: AccessToken,
    /// Good for one use, which gives the next one.
    pub refresh_token: String,
}

/// Opens a session for somebody who has proved to be this user.
pub(super) async fn open(authority: &Authority, user: user::Model) -> Result<SignedIn> {
    let (now, token) = (time::now(), RefreshToken::generate()?);
    let session = session::Model {
        id: Uuid::now_v7(),
        user_id: user.id,
        created_at: now,
        expires_at: now + authority.sessions.lifetime,
        revoked_at: None,
        revoked_because: None,
    };
    let transaction = authority.database.begin().await?;
    session.clone().into_active_model().reset_all().insert(&transaction).await?;
    store(&transaction, &token, &session, &authority.sessions, now).await?;
    transaction.commit().await?;
    signed_in(authority, user, session.id, token)
}

/// Stores a token of this session.
pub(super) async fn store(
    db: &impl ConnectionTrait,
    token: &RefreshToken,
    session: &session::Model,
    settings: &SessionSettings,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = refresh_token::Model {
        hash: token.hash.clone(),
        session_id: session.id,
        issued_at: now,
        expires_at: session.expires_at.min(now + settings.idle),
        rotated_at: None,
        successor: None,
    };
    row.into_active_model().reset_all().insert(db).await?;
    Ok(())
}

pub(super) fn signed_in(
    authority: &Authority,
    user: user::Model,
    session: Uuid,
    refresh: RefreshToken,
) -> Result<SignedIn> {
    Ok(SignedIn { access: authority.issuer.for_user(&user, session)?, user: user.into(), refresh_token: refresh.token })
}

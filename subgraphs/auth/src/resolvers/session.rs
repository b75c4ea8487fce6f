use async_graphql::{Context, InputObject, Object, SimpleObject};
use secrecy::SecretString;
use subgraph::{Error, Identity, Requires, Result, Scope, user_error::NotFoundError};

use super::{
    authority,
    credential_check::SpendsCredentialCheck,
    errors::{
        AccountLockedError, InvalidCredentialsError, InvalidRefreshTokenError, LoginError, LogoutError,
        RefreshSessionError,
    },
    user::User,
};
use crate::domain::{
    SignedIn,
    login::{self, Credentials, LoginError as LoginRefusal},
    logout,
    refresh::{self, RefreshError},
};

#[derive(InputObject)]
pub(crate) struct LoginInput {
    email: String,
    #[graphql(secret)]
    password: String,
}

#[derive(SimpleObject, Default)]
pub(crate) struct LoginPayload {
    /// For the header `Authorization: Bearer`.
    access_token: Option<String>,
    /// For `refreshSession`, once.
    refresh_token: Option<String>,
    /// Seconds until the access token expires.
    expires_in: Option<u64>,
    user: Option<User>,
    errors: Vec<LoginError>,
}

#[derive(InputObject)]
pub(crate) struct RefreshSessionInput {
    #[graphql(secret)]
    refresh_token: String,
}

#[derive(SimpleObject, Default)]
pub(crate) struct RefreshSessionPayload {
    access_token: Option<String>,
    /// The next one: the one that was sent is used up.
    refresh_token: Option<String>,
    /// Seconds until the access token expires.
    expires_in: Option<u64>,
    user: Option<User>,
    errors: Vec<RefreshSessionError>,
}

#[derive(SimpleObject)]
pub(crate) struct LogoutPayload {
    logged_out: bool,
    errors: Vec<LogoutError>,
}

#[derive(Default)]
pub(crate) struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Opens a session.
    #[graphql(guard = "SpendsCredentialCheck")]
    async fn login(&self, ctx: &Context<'_>, input: LoginInput) -> Result<LoginPayload> {
        let credentials = Credentials { email: input.email, password: SecretString::from(input.password) };
        match login::login(authority(ctx)?, credentials).await {
            Ok(signed_in) => Ok(signed_in.into()),
            Err(refusal) => Ok(LoginPayload { errors: vec![login_error(refusal)?], ..LoginPayload::default() }),
        }
    }

    /// Exchanges a refresh token for new tokens. A token that comes again later ends its session.
    #[graphql(guard = "SpendsCredentialCheck")]
    async fn refresh_session(&self, ctx: &Context<'_>, input: RefreshSessionInput) -> Result<RefreshSessionPayload> {
        match refresh::refresh(authority(ctx)?, &input.refresh_token).await {
            Ok(signed_in) => Ok(signed_in.into()),
            Err(refusal) => {
                Ok(RefreshSessionPayload { errors: vec![refresh_error(refusal)?], ..RefreshSessionPayload::default() })
            }
        }
    }

    /// Ends the session of the access token: its refresh token is dead at once, the access token when it expires.
    #[graphql(guard = "Requires(Scope::User)", requires_scopes = "user")]
    async fn logout(&self, ctx: &Context<'_>) -> Result<LogoutPayload> {
        let caller = Identity::of(ctx).caller()?;
        let user = caller.user_id().ok_or(Error::Forbidden)?;
        let logged_out = match caller.session {
            Some(session) => logout::logout(&authority(ctx)?.database, user, session).await?,
            None => false,
        };
        let missing = || LogoutError::NotFound(NotFoundError::new([], "This session does not exist."));
        Ok(LogoutPayload { logged_out, errors: (!logged_out).then(missing).into_iter().collect() })
    }
}

impl From<SignedIn> for LoginPayload {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            access_token: Some(signed_in.access.token),
            refresh_token: Some(signed_in.refresh_token),
            expires_in: Some(signed_in.access.expires_in.as_secs()),
            user: Some(User::own(signed_in.user)),
            errors: Vec::new(),
        }
    }
}

impl From<SignedIn> for RefreshSessionPayload {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            access_token: Some(signed_in.access.token),
            refresh_token: Some(signed_in.refresh_token),
            expires_in: Some(signed_in.access.expires_in.as_secs()),
            user: Some(User::own(signed_in.user)),
            errors: Vec::new(),
        }
    }
}

fn login_error(refusal: LoginRefusal) -> Result<LoginError> {
    let message = refusal.to_string();
    match refusal {
        LoginRefusal::InvalidCredentials => Ok(LoginError::InvalidCredentials(InvalidCredentialsError::new(message))),
        LoginRefusal::Blocked { retry_after } => {
            // Rounded up, so that whoever waits as told is not too early.
            let seconds = i32::try_from(retry_after.as_secs() + 1).unwrap_or(i32::MAX);
            Ok(LoginError::AccountLocked(AccountLockedError::new(message, seconds)))
        }
        LoginRefusal::Fault(fault) => Err(fault),
    }
}

fn refresh_error(refusal: RefreshError) -> Result<RefreshSessionError> {
    let message = refusal.to_string();
    match refusal {
        RefreshError::InvalidToken => {
            Ok(RefreshSessionError::InvalidRefreshToken(InvalidRefreshTokenError::new(message)))
        }
        RefreshError::Fault(fault) => Err(fault),
    }
}

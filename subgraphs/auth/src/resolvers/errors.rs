//! Expected failures as data: the members of the payloads' `errors`.

use async_graphql::{Interface, SimpleObject, Union};
use subgraph::user_error::{ErrorCode, InvalidInputError, NotFoundError};

use crate::domain::password::Weakness;

/// What every member of `errors` has.
#[derive(Interface)]
#[graphql(
    field(name = "code", ty = "&ErrorCode"),
    field(name = "message", ty = "&String"),
    field(name = "path", ty = "&Option<Vec<String>>")
)]
pub(crate) enum UserError {
    InvalidInput(InvalidInputError),
    NotFound(NotFoundError),
    EmailTaken(EmailTakenError),
    WeakPassword(WeakPasswordError),
    InvalidCredentials(InvalidCredentialsError),
    AccountLocked(AccountLockedError),
    InvalidRefreshToken(InvalidRefreshTokenError),
}

/// The address has an account already.
#[derive(SimpleObject)]
pub(crate) struct EmailTakenError {
    code: ErrorCode,
    message: String,
    path: Option<Vec<String>>,
}

/// The password breaks a rule; the message says which.
#[derive(SimpleObject)]
pub(crate) struct WeakPasswordError {
    code: ErrorCode,
    message: String,
    path: Option<Vec<String>>,
}

/// Address and password do not belong together.
#[derive(SimpleObject)]
pub(crate) struct InvalidCredentialsError {
    code: ErrorCode,
    message: String,
    path: Option<Vec<String>>,
}

/// Too many sign-ins to this address failed. No password is checked before the time has passed, and then
/// the right one works again.
#[derive(SimpleObject)]
pub(crate) struct AccountLockedError {
    code: ErrorCode,
    message: String,
    path: Option<Vec<String>>,
    retry_after_seconds: i32,
}

/// The refresh token is unknown, used, expired or revoked.
#[derive(SimpleObject)]
pub(crate) struct InvalidRefreshTokenError {
    code: ErrorCode,
    message: String,
    path: Option<Vec<String>>,
}

#[derive(Union)]
pub(crate) enum RegisterError {
    InvalidInput(InvalidInputError),
    WeakPassword(WeakPasswordError),
    EmailTaken(EmailTakenError),
}

#[derive(Union)]
pub(crate) enum LoginError {
    InvalidCredentials(InvalidCredentialsError),
    AccountLocked(AccountLockedError),
}

#[derive(Union)]
pub(crate) enum RefreshSessionError {
    InvalidRefreshToken(InvalidRefreshTokenError),
}

#[derive(Union)]
pub(crate) enum LogoutError {
    NotFound(NotFoundError),
}

impl EmailTakenError {
    pub(crate) fn new(message: String) -> Self {
        Self { code: ErrorCode::EmailTaken, message, path: Some(vec!["email".into()]) }
    }
}

impl From<Weakness> for WeakPasswordError {
    fn from(weakness: Weakness) -> Self {
        Self { code: ErrorCode::WeakPassword, message: weakness.to_string(), path: Some(vec!["password".into()]) }
    }
}

impl InvalidCredentialsError {
    pub(crate) fn new(message: String) -> Self {
        Self { code: ErrorCode::InvalidCredentials, message, path: None }
    }
}

impl AccountLockedError {
    pub(crate) fn new(message: String, retry_after_seconds: i32) -> Self {
        Self { code: ErrorCode::AccountLocked, message, path: None, retry_after_seconds }
    }
}

impl InvalidRefreshTokenError {
    pub(crate) fn new(message: String) -> Self {
        Self { code: ErrorCode::InvalidRefreshToken, message, path: Some(vec!["refreshToken".into()]) }
    }
}

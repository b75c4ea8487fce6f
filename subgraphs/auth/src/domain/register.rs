//! A person opens an account.

use sea_orm::{ActiveModelTrait as _, IntoActiveModel as _, SqlErr};
use secrecy::{ExposeSecret as _, SecretString};
use subgraph::{Error, time};
use uuid::Uuid;

use super::{
    Authority,
    account::{Email, parse_name},
    password::{self, Weakness},
};
use crate::entities::user::{self, Role};

pub struct Registration {
    pub email: String,
    pub password: SecretString,
    pub name: String,
}

#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error("This is not an e-mail address.")]
    Email,
    #[error("A name has 1 to 100 visible characters.")]
    Name,
    #[error(transparent)]
    Password(#[from] Weakness),
    /// This tells that the address has an account. Hiding it would not: whoever registers an address and then
    /// signs in with the password just chosen learns the same. Both paths cost one hash, and equally much time.
    #[error("This e-mail address has an account already.")]
    EmailTaken,
    #[error(transparent)]
    Fault(#[from] Error),
}

/// Opens an account with the role CUSTOMER. It does not sign in.
pub async fn register(authority: &Authority, registration: Registration) -> Result<user::Profile, RegisterError> {
    let email = Email::parse(&registration.email).ok_or(RegisterError::Email)?;
    let name = parse_name(&registration.name).ok_or(RegisterError::Name)?;
    password::check(registration.password.expose_secret(), &email, &name)?;
    let turn = authority.hasher.turn().await?;
    let hash = authority.hasher.hash(turn, registration.password).await?;
    let now = time::now();
    let user = user::Model {
        id: Uuid::now_v7(),
        email: email.to_string(),
        name,
        role: Role::Customer,
        password_hash: Some(hash),
        disabled_at: None,
        created_at: now,
        updated_at: now,
    };
    match user.into_active_model().reset_all().insert(authority.database.write()).await {
        Ok(user) => {
            tracing::info!(user.id = %user.id, "account opened");
            Ok(user.into())
        }
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
            Err(RegisterError::EmailTaken)
        }
        Err(error) => Err(Error::from(error).into()),
    }
}

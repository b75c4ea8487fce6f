//! The first administrator of an installation, who cannot be made by one.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait as _, IntoActiveModel as _, Set};
use secrecy::ExposeSecret as _;
use subgraph::{Error, time};
use uuid::Uuid;

use super::{
    Authority,
    account::Email,
    password::{self, Weakness},
};
use crate::{
    entities::{
        session::{Entity as Sessions, Revocation},
        user::{ActiveModel, Entity as Users, Model, Role},
    },
    settings::BootstrapAdmin,
};

const NAME: &str = "Administrator";

#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    #[error("service.bootstrap_admin.email: {0:?} is not an e-mail address")]
    Email(String),
    #[error("service.bootstrap_admin.password: {0}")]
    Password(#[from] Weakness),
    #[error("service.bootstrap_admin cannot be applied")]
    Fault(#[from] Error),
}

impl From<sea_orm::DbErr> for BootstrapError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Fault(error.into())
    }
}

/// Makes the administrator that the settings name, where there is no administrator yet.
///
/// An account that has the address already becomes the administrator's: it gets the password of the settings, and
/// whoever was signed in to it is not any more.
pub async fn ensure_admin(authority: &Authority, admin: &BootstrapAdmin) -> Result<(), BootstrapError> {
    if Users::any_admin(authority.database.read()).await? {
        return Ok(());
    }
    let email = Email::parse(&admin.email).ok_or_else(|| BootstrapError::Email(admin.email.clone()))?;
    password::check(admin.password.expose_secret(), &email, NAME)?;
    let turn = authority.hasher.turn().await?;
    let hash = authority.hasher.hash(turn, admin.password.clone()).await?;
    let (now, database) = (time::now(), &authority.database);
    let transaction = database.begin().await?;
    let user = match Users::by_email(&transaction, email.as_str()).await? {
        Some(user) => {
            Sessions::revoke_all_of(&transaction, user.id, Revocation::Reset, now).await?;
            promoted(user, hash, now).update(&transaction).await?
        }
        None => new(&email, hash, now).reset_all().insert(&transaction).await?,
    };
    transaction.commit().await?;
    tracing::info!(user.id = %user.id, "administrator made as the settings say");
    Ok(())
}

fn promoted(user: Model, hash: String, now: DateTime<Utc>) -> ActiveModel {
    ActiveModel {
        role: Set(Role::Admin),
        password_hash: Set(Some(hash)),
        disabled_at: Set(None),
        updated_at: Set(now),
        ..user.into_active_model()
    }
}

fn new(email: &Email, hash: String, now: DateTime<Utc>) -> ActiveModel {
    let user = Model {
        id: Uuid::now_v7(),
        email: email.to_string(),
        name: NAME.to_owned(),
        role: Role::Admin,
        password_hash: Some(hash),
        disabled_at: None,
        created_at: now,
        updated_at: now,
    };
    user.into_active_model()
}

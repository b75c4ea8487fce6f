use async_graphql::{Context, InputObject, Object, SimpleObject};
use secrecy::SecretString;
use subgraph::{Result, user_error::InvalidInputError};

use super::{
    authority,
    credential_check::SpendsCredentialCheck,
    errors::{EmailTakenError, RegisterError},
    user::User,
};
use crate::domain::register::{self, RegisterError as Refusal, Registration};

#[derive(InputObject)]
pub(crate) struct RegisterInput {
    /// Compared without regard to case.
    email: String,
    /// 8 to 128 characters of any kind.
    #[graphql(secret)]
    password: String,
    /// How the person is called, 1 to 100 characters.
    name: String,
}

#[derive(SimpleObject)]
pub(crate) struct RegisterPayload {
    user: Option<User>,
    errors: Vec<RegisterError>,
}

#[derive(Default)]
pub(crate) struct RegistrationMutation;

#[Object]
impl RegistrationMutation {
    /// Opens an account for a customer. Signing in is a step of its own, `login`.
    #[graphql(guard = "SpendsCredentialCheck")]
    async fn register(&self, ctx: &Context<'_>, input: RegisterInput) -> Result<RegisterPayload> {
        let registration =
            Registration { email: input.email, password: SecretString::from(input.password), name: input.name };
        let refusal = match register::register(authority(ctx)?, registration).await {
            Ok(profile) => {
                return Ok(RegisterPayload { user: Some(User::own(profile)), errors: Vec::new() });
            }
            Err(refusal) => refusal,
        };
        Ok(RegisterPayload { user: None, errors: vec![shown(refusal)?] })
    }
}

fn shown(refusal: Refusal) -> Result<RegisterError> {
    let message = refusal.to_string();
    match refusal {
        Refusal::Email => Ok(RegisterError::InvalidInput(InvalidInputError::new(["email"], message))),
        Refusal::Name => Ok(RegisterError::InvalidInput(InvalidInputError::new(["name"], message))),
        Refusal::Password(weakness) => Ok(RegisterError::WeakPassword(weakness.into())),
        Refusal::EmailTaken => Ok(RegisterError::EmailTaken(EmailTakenError::new(message))),
        Refusal::Fault(fault) => Err(fault),
    }
}

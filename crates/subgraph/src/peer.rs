//! Other services, asked in the name of this one.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use client::{Client, ClientError, Deadline, OperationKind};
use serde::de::DeserializeOwned;
use serde_json::Value;
use service::token::{ClientCredentials, GrantError};

use crate::Error;

/// Another service, asked with a token of this service's own principal.
#[derive(Clone, Debug)]
pub struct Peer {
    client: Client,
    principal: ClientCredentials,
}

/// Why a call brought no answer. Whether a mutation had its effect is unknown.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError {
    #[error("there is no token for the call")]
    Token(#[from] GrantError),
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl Peer {
    pub fn new(client: Client, principal: ClientCredentials) -> Self {
        Self { client, principal }
    }

    /// The data of one operation. A token that the service refuses is not used again.
    ///
    /// # Errors
    /// Also where the answer has errors, or data that is not a `T`.
    pub async fn execute<T: DeserializeOwned>(
        &self,
        kind: OperationKind,
        document: &str,
        variables: Value,
        deadline: Deadline,
    ) -> Result<T, CallError> {
        let token = self.principal.bearer(deadline).await?;
        let headers = HeaderMap::from_iter([(AUTHORIZATION, token.clone())]);
        let answer = self.client.execute(kind, document, variables, headers, deadline).await;
        Ok(answer.inspect_err(|error| self.principal.heed(error.code(), &token))?)
    }
}

impl From<CallError> for Error {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Client(error) => error.into(),
            CallError::Token(error) => {
                tracing::warn!(%error, "no token for a call to another service");
                Self::Unavailable
            }
        }
    }
}

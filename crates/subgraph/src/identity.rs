//! Who asks: the caller of a request, and the guards that fields put before their resolvers.
//!
//! A subgraph verifies the access token itself, so reaching it directly gains nobody anything.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_graphql::{Context, Guard};
use axum::http::{HeaderMap, header::AUTHORIZATION};
use service::token::{Claims, TokenError, Verifier};
use uuid::Uuid;

use crate::{Error, Result};

/// What a token lets its bearer do. Roles map to scopes in `auth`; fields ask for scopes.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Every signed-in person.
    User,
    CatalogWrite,
    StockRead,
    StockWrite,
    OrdersRead,
    OrdersWrite,
    UsersRead,
    UsersWrite,
    /// Another Mercado service, never a person.
    Service,
}

impl Scope {
    /// The scope's name in a token's `scope` claim and in `@requiresScopes`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::CatalogWrite => "catalog:write",
            Self::StockRead => "stock:read",
            Self::StockWrite => "stock:write",
            Self::OrdersRead => "orders:read",
            Self::OrdersWrite => "orders:write",
            Self::UsersRead => "users:read",
            Self::UsersWrite => "users:write",
            Self::Service => "service",
        }
    }
}

/// The bearer of a verified access token.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The token's `sub`: a user's id, or a service principal's name.
    pub subject: String,
    /// The token's `sid`: the session that a logout ends. Services have none.
    pub session: Option<Uuid>,
    scopes: Vec<String>,
    /// The token's `exp`: seconds since the epoch.
    expires_at: u64,
}

impl Caller {
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|held| held == scope.as_str())
    }

    /// The user's id, or `None` for a service principal.
    pub fn user_id(&self) -> Option<Uuid> {
        Uuid::try_parse(&self.subject).ok().filter(|_| self.has(Scope::User))
    }

    /// How long the token is still good, without the leeway that its verification allows.
    pub fn expires_in(&self) -> Duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Duration::from_secs(self.expires_at).saturating_sub(now)
    }
}

impl From<Claims> for Caller {
    fn from(claims: Claims) -> Self {
        let session = claims.sid.as_deref().and_then(|sid| Uuid::try_parse(sid).ok());
        Self { subject: claims.sub, session, scopes: claims.scope, expires_at: claims.exp }
    }
}

/// In every request's data.
#[derive(Clone, Debug)]
pub enum Identity {
    Anonymous,
    Caller(Caller),
}

impl Identity {
    /// Reads the `Authorization` header. No header is an anonymous caller; a header that does not
    /// hold one valid token is an error, never an anonymous caller.
    pub async fn from_headers(headers: &HeaderMap, verifier: &Verifier) -> Result<Self, TokenError> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Ok(Self::Anonymous);
        };
        if values.next().is_some() {
            return Err(TokenError::Malformed);
        }
        let token = value
            .to_str()
            .ok()
            .and_then(|text| text.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or(TokenError::Malformed)?;
        Ok(Self::Caller(verifier.verify(token).await?.into()))
    }

    pub fn of<'a>(ctx: &Context<'a>) -> &'a Self {
        ctx.data_opt().unwrap_or(&Self::Anonymous)
    }

    /// The caller, or `UNAUTHENTICATED`.
    pub fn caller(&self) -> Result<&Caller> {
        match self {
            Self::Anonymous => Err(Error::Unauthenticated),
            Self::Caller(caller) => Ok(caller),
        }
    }

    /// The signed-in person's id; `UNAUTHENTICATED` for nobody, `FORBIDDEN` for a service.
    pub fn user_id(&self) -> Result<Uuid> {
        self.caller()?.user_id().ok_or(Error::Forbidden)
    }

    pub fn has(&self, scope: Scope) -> bool {
        matches!(self, Self::Caller(caller) if caller.has(scope))
    }
}

/// Guard: the caller holds this scope. Beside every use stands the same scope as `requires_scopes`,
/// which tells the gateway (`@requiresScopes`) but checks nothing here.
pub struct Requires(pub Scope);

impl Guard for Requires {
    async fn check(&self, ctx: &Context<'_>) -> async_graphql::Result<()> {
        let caller = Identity::of(ctx).caller()?;
        if caller.has(self.0) { Ok(()) } else { Err(Error::Forbidden.into()) }
    }
}

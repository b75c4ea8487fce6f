//! What `auth` answers beside GraphQL: the keys that verify its tokens, and tokens for programs.

mod jwks;
mod oauth;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use crate::domain::{Authority, principals::Principals};

/// `GET /.well-known/jwks.json` and `POST /oauth/token`.
pub(crate) fn router(authority: Arc<Authority>, principals: Principals) -> Router {
    let keys = authority.issuer.keys.clone();
    let tokens = Arc::new(oauth::TokenEndpoint { authority, principals });
    Router::new()
        .route("/.well-known/jwks.json", get(jwks::published).with_state(keys))
        .route("/oauth/token", post(oauth::grant).with_state(tokens))
}

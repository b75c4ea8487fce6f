//! An issuer of access tokens: signs what a test asks for, and serves its keys on a port of its own.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::Ed25519KeyPair;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{EncodingKey, Header, encode, get_current_timestamp};
use serde::Serialize;
use service::token::{ALGORITHM, Claims, TOKEN_TYPE, VerifierSettings};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Signs with a fresh key; serves it until dropped.
pub struct TestIssuer {
    shared: Arc<Shared>,
    signing: Mutex<SigningKey>,
    jwks_url: String,
    server: JoinHandle<()>,
}

/// What the JWKS endpoint answers, and how often it was asked.
#[derive(Default)]
struct Shared {
    published: Mutex<Vec<Jwk>>,
    fetches: AtomicUsize,
    down: AtomicBool,
}

#[derive(Clone)]
struct SigningKey {
    id: String,
    key: EncodingKey,
}

impl TestIssuer {
    pub async fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let jwks_url = format!("http://{}/.well-known/jwks.json", listener.local_addr().unwrap());
        let router = Router::new().route("/.well-known/jwks.json", get(jwks)).with_state(shared.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let signing = Mutex::new(shared.publish_fresh_key("key-1"));
        Self { shared, signing, jwks_url, server }
    }

    /// Settings of a verifier that trusts this issuer.
    pub fn settings(&self) -> VerifierSettings {
        VerifierSettings { jwks_url: self.jwks_url.clone(), ..VerifierSettings::default() }
    }

    /// An access token of `subject` with `scopes` (separated by spaces), good for ten minutes.
    pub fn token(&self, subject: &str, scopes: &str) -> String {
        self.sign(&claims(subject, scopes))
    }

    /// [`token`](Self::token) as a value for `Authorization`.
    pub fn bearer(&self, subject: &str, scopes: &str) -> String {
        format!("Bearer {}", self.token(subject, scopes))
    }

    /// A token with any claims and a good header.
    pub fn sign(&self, claims: &impl Serialize) -> String {
        self.sign_with(self.header(), claims)
    }

    /// A token with any header and claims, signed with the current key.
    pub fn sign_with(&self, header: Header, claims: &impl Serialize) -> String {
        encode(&header, claims, &self.signing.lock().unwrap().key).unwrap()
    }

    /// The header of a good token.
    pub fn header(&self) -> Header {
        let mut header = Header::new(ALGORITHM);
        header.typ = Some(TOKEN_TYPE.to_owned());
        header.kid = Some(self.signing.lock().unwrap().id.clone());
        header
    }

    /// Signs with a new key named `id` from now on, published along with the old ones.
    pub fn rotate(&self, id: &str) {
        *self.signing.lock().unwrap() = self.shared.publish_fresh_key(id);
    }

    /// Publishes the key named `id` no more.
    pub fn withdraw(&self, id: &str) {
        self.shared.published.lock().unwrap().retain(|key| key.common.key_id.as_deref() != Some(id));
    }

    /// While down, keys are asked for in vain: the answer is 503.
    pub fn set_down(&self, down: bool) {
        self.shared.down.store(down, Ordering::SeqCst);
    }

    /// How often keys have been asked for.
    pub fn fetches(&self) -> usize {
        self.shared.fetches.load(Ordering::SeqCst)
    }

    /// The keys as published now.
    pub fn jwks(&self) -> JwkSet {
        JwkSet { keys: self.shared.published.lock().unwrap().clone() }
    }
}

impl Drop for TestIssuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn publish_fresh_key(&self, id: &str) -> SigningKey {
        // Version 1: the length of the other one is not what jsonwebtoken expects of a key to publish.
        let document = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
        let key = EncodingKey::from_ed_der(document.as_ref());
        let mut public = Jwk::from_encoding_key(&key, ALGORITHM).unwrap();
        public.common.key_id = Some(id.to_owned());
        self.published.lock().unwrap().push(public);
        SigningKey { id: id.to_owned(), key }
    }
}

/// Claims that every check of a verifier with the default settings accepts.
pub fn claims(subject: &str, scopes: &str) -> Claims {
    let now = get_current_timestamp();
    let settings = VerifierSettings::default();
    Claims {
        iss: settings.issuer,
        sub: subject.to_owned(),
        aud: settings.audience,
        exp: now + 600,
        nbf: now,
        iat: now,
        jti: uuid::Uuid::now_v7().to_string(),
        sid: None,
        scope: scopes.split_whitespace().map(str::to_owned).collect(),
    }
}

async fn jwks(State(shared): State<Arc<Shared>>) -> Response {
    shared.fetches.fetch_add(1, Ordering::SeqCst);
    if shared.down.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    Json(JwkSet { keys: shared.published.lock().unwrap().clone() }).into_response()
}

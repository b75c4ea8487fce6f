//! An issuer of access tokens: signs what a test asks for, and serves its keys, and tokens for services, on a port of its
//! own.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::Ed25519KeyPair;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{EncodingKey, Header, encode, get_current_timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use service::token::{ALGORITHM, Claims, ClientCredentialsSettings, TOKEN_TYPE, VerifierSettings};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Signs with a fresh key; serves it until dropped.
pub struct TestIssuer {
    shared: Arc<Shared>,
    address: SocketAddr,
    server: JoinHandle<()>,
}

/// What the endpoints answer, and how often they were asked.
struct Shared {
    signing: Mutex<SigningKey>,
    published: Mutex<Vec<Jwk>>,
    fetches: AtomicUsize,
    down: AtomicBool,
}

struct SigningKey {
    id: String,
    key: EncodingKey,
}

impl TestIssuer {
    pub async fn start() -> Self {
        let (signing, public) = fresh_key("key-1");
        let shared = Arc::new(Shared {
            signing: Mutex::new(signing),
            published: Mutex::new(vec![public]),
            fetches: AtomicUsize::new(0),
            down: AtomicBool::new(false),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/.well-known/jwks.json", get(jwks))
            .route("/oauth/token/{client_id}", post(grant))
            .with_state(shared.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { shared, address, server }
    }

    /// Settings of a verifier that trusts this issuer.
    pub fn settings(&self) -> VerifierSettings {
        let jwks_url = format!("http://{}/.well-known/jwks.json", self.address);
        VerifierSettings { jwks_url, ..VerifierSettings::default() }
    }

    /// Settings of a service that gets its own tokens here, whatever its secret is: with the scope `service`.
    pub fn principal(&self, client_id: &str) -> ClientCredentialsSettings {
        let token_url = format!("http://{}/oauth/token/{client_id}", self.address);
        ClientCredentialsSettings { token_url, client_id: client_id.to_owned(), ..ClientCredentialsSettings::default() }
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
        self.shared.sign(claims)
    }

    /// A token with any header and claims, signed with the current key.
    pub fn sign_with(&self, header: Header, claims: &impl Serialize) -> String {
        encode(&header, claims, &self.shared.signing.lock().unwrap().key).unwrap()
    }

    /// The header of a good token.
    pub fn header(&self) -> Header {
        self.shared.signing.lock().unwrap().header()
    }

    /// Signs with a new key named `id` from now on, published along with the old ones.
    pub fn rotate(&self, id: &str) {
        let (signing, public) = fresh_key(id);
        self.shared.published.lock().unwrap().push(public);
        *self.shared.signing.lock().unwrap() = signing;
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
    fn sign(&self, claims: &impl Serialize) -> String {
        let signing = self.signing.lock().unwrap();
        encode(&signing.header(), claims, &signing.key).unwrap()
    }
}

impl SigningKey {
    fn header(&self) -> Header {
        let mut header = Header::new(ALGORITHM);
        header.typ = Some(TOKEN_TYPE.to_owned());
        header.kid = Some(self.id.clone());
        header
    }
}

/// With its public half.
fn fresh_key(id: &str) -> (SigningKey, Jwk) {
    // Version 1: the length of the other one is not what jsonwebtoken expects of a key to publish.
    let document = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
    let key = EncodingKey::from_ed_der(document.as_ref());
    let mut public = Jwk::from_encoding_key(&key, ALGORITHM).unwrap();
    public.common.key_id = Some(id.to_owned());
    (SigningKey { id: id.to_owned(), key }, public)
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

async fn grant(State(shared): State<Arc<Shared>>, Path(client_id): Path<String>) -> Json<Value> {
    let token = shared.sign(&claims(&client_id, "service"));
    Json(json!({ "access_token": token, "token_type": "Bearer", "expires_in": 600 }))
}

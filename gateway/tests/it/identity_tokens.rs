//! Tokens at the edge: what is let in, what is refused, and what anonymous callers get.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use serde_json::{Value, json};
use service::serve::BoundServer;
use service::shutdown::Shutdown;
use service::token::{Verifier, VerifierSettings};

use crate::http_gateway::{TestGateway, code, outcome};

/// An issuer that publishes one key, and counts how often it is asked for it.
pub(crate) struct Issuer {
    key: EncodingKey,
    public: Vec<u8>,
    url: String,
    fetches: Arc<AtomicUsize>,
    shutdown: Shutdown,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let public = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap().public_key().as_ref().to_vec();
        let key = json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "k1", "x": URL_SAFE_NO_PAD.encode(&public) });
        let (fetches, shutdown) = (Arc::new(AtomicUsize::new(0)), Shutdown::new());
        let counter = fetches.clone();
        let router = Router::new().route(
            "/jwks.json",
            get(move || async move {
                counter.fetch_add(1, Ordering::SeqCst);
                Json(json!({ "keys": [key] }))
            }),
        );
        let server = BoundServer::bind("127.0.0.1:0".parse().unwrap(), &Default::default()).await.unwrap();
        let url = format!("http://{}/jwks.json", server.local_addr());
        tokio::spawn(server.run(router, shutdown.clone()));
        Self { key: EncodingKey::from_ed_der(document.as_ref()), public, url, fetches, shutdown }
    }

    pub(crate) fn verifier(&self) -> Verifier {
        Verifier::new(VerifierSettings { jwks_url: self.url.clone(), ..VerifierSettings::default() }).unwrap()
    }

    async fn gateway(&self) -> TestGateway {
        TestGateway::verified(|_| {}, Some(self.verifier())).await
    }

    fn sign(&self, header: &Header, claims: &Value) -> String {
        encode(header, claims, &self.key).unwrap()
    }

    pub(crate) fn token(&self, scope: &str) -> String {
        self.sign(&header(), &changed(claims(), json!({ "scope": scope })))
    }

    /// A token that is good for so many seconds more, at least.
    pub(crate) fn expiring(&self, scope: &str, seconds: u64) -> String {
        self.sign(&header(), &changed(claims(), json!({ "scope": scope, "exp": now() + seconds + 1 })))
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.shutdown.trigger();
    }
}

fn header() -> Header {
    Header { typ: Some("at+jwt".to_owned()), kid: Some("k1".to_owned()), ..Header::new(Algorithm::EdDSA) }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn claims() -> Value {
    json!({
        "iss": "https://auth.mercado.internal", "aud": "mercado", "sub": "u1", "jti": "t1", "scope": "user",
        "iat": now(), "nbf": now(), "exp": now() + 600,
    })
}

/// The object with some members replaced; null removes one.
fn changed(mut object: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => object.as_object_mut().unwrap().remove(name),
            value => object.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    object
}

#[tokio::test]
async fn a_scope_in_a_valid_token_opens_the_field_that_needs_it() {
    let issuer = Issuer::start().await;
    let gateway = issuer.gateway().await;
    let ask = |token: Option<String>| {
        token.into_iter().fold(gateway.query("{ hello stock }"), |request, token| request.bearer_auth(token))
    };
    let allowed: Value = ask(Some(issuer.token("user stock:read"))).send().await.unwrap().json().await.unwrap();
    assert_eq!(allowed, json!({ "data": { "hello": "Hello, you!", "stock": 7 } }));
    for (token, expected) in [(Some(issuer.token("user")), "FORBIDDEN"), (None, "UNAUTHENTICATED")] {
        let denied: Value = ask(token).send().await.unwrap().json().await.unwrap();
        assert_eq!(denied["data"], json!({ "hello": "Hello, you!", "stock": null }));
        assert_eq!(denied["errors"][0]["extensions"]["code"], expected, "{denied}");
        assert_eq!(denied["errors"][0]["path"], json!(["stock"]));
    }
}

#[tokio::test]
async fn t24_to_t29_a_forged_expired_or_misused_token_is_401() {
    let issuer = Issuer::start().await;
    let gateway = issuer.gateway().await;
    let good = issuer.token("user stock:read");
    let mut parts = good.split('.');
    let (head, payload, signature) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let encoded = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let with = |changes: Value| issuer.sign(&header(), &changed(claims(), changes));
    let hmac = Header { typ: Some("at+jwt".to_owned()), kid: Some("k1".to_owned()), ..Header::new(Algorithm::HS256) };
    let tokens = [
        ("alg none", format!("{}.{payload}.", encoded(json!({ "alg": "none", "typ": "at+jwt", "kid": "k1" })))),
        (
            "alg None",
            format!("{}.{payload}.{signature}", encoded(json!({ "alg": "None", "typ": "at+jwt", "kid": "k1" }))),
        ),
        ("hmac with the public key", encode(&hmac, &claims(), &EncodingKey::from_secret(&issuer.public)).unwrap()),
        ("unknown kid", issuer.sign(&Header { kid: Some("../../dev/null".to_owned()), ..header() }, &claims())),
        ("no kid", issuer.sign(&Header { kid: None, ..header() }, &claims())),
        ("jku", issuer.sign(&Header { jku: Some(issuer.url.clone()), ..header() }, &claims())),
        ("typ JWT", issuer.sign(&Header { typ: Some("JWT".to_owned()), ..header() }, &claims())),
        ("no typ", issuer.sign(&Header { typ: None, ..header() }, &claims())),
        ("expired", with(json!({ "exp": now() - 60 }))),
        ("exp as text", with(json!({ "exp": "9999999999" }))),
        ("no exp", with(json!({ "exp": null }))),
        ("not yet", with(json!({ "nbf": now() + 60 }))),
        ("issued in the future", with(json!({ "iat": now() + 600 }))),
        ("another issuer", with(json!({ "iss": "https://evil.example" }))),
        ("another audience", with(json!({ "aud": "others" }))),
        ("no subject", with(json!({ "sub": null }))),
        (
            "changed payload",
            format!("{head}.{}.{signature}", encoded(changed(claims(), json!({ "scope": "service" })))),
        ),
        ("cut", good[..good.len() - 4].to_owned()),
        ("trailing", format!("{good}AAAA")),
        ("five segments", format!("{good}.e.e")),
        ("no base64", "%%%.%%%.%%%".to_owned()),
        ("large", format!("{head}.{}.{signature}", "A".repeat(16 * 1024))),
        ("empty", String::new()),
    ];
    for (what, token) in tokens {
        let response = gateway.query("{ hello }").bearer_auth(&token).send().await.unwrap();
        assert_eq!(response.status(), 401, "{what}");
        assert_eq!(response.headers()[WWW_AUTHENTICATE], "Bearer error=\"invalid_token\"");
        assert_eq!(code(response).await, "UNAUTHENTICATED", "{what}");
    }
    assert_eq!(gateway.subgraph_calls(), 0);
    assert!(issuer.fetches.load(Ordering::SeqCst) <= 2, "unknown keys must not become fetches");
}

#[tokio::test]
async fn t14_two_authorization_headers_or_another_scheme_are_not_guessed_at() {
    let issuer = Issuer::start().await;
    let gateway = issuer.gateway().await;
    let token = format!("Bearer {}", issuer.token("user"));
    let twice = gateway.query("{ hello }").header(AUTHORIZATION, &token).header(AUTHORIZATION, &token);
    assert_eq!(outcome(twice).await, (400, "BAD_REQUEST".to_owned()));
    for value in ["Basic dTpw", "Bearer", "", "Token abc"] {
        let other = gateway.query("{ hello }").header(AUTHORIZATION, value);
        assert_eq!(outcome(other).await, (401, "UNAUTHENTICATED".to_owned()), "{value}");
    }
    let mut bytes = gateway.query("{ hello }").build().unwrap();
    bytes.headers_mut().insert(AUTHORIZATION, HeaderValue::from_bytes(b"Bearer \xff").unwrap());
    assert_eq!(gateway.client.execute(bytes).await.unwrap().status(), 401);
}

#[tokio::test]
async fn the_verified_token_travels_to_the_subgraph_in_any_case_of_its_scheme() {
    let issuer = Issuer::start().await;
    let gateway = issuer.gateway().await;
    let value = format!("bearer {}", issuer.token("user"));
    let request = gateway.query(r#"{ header(name: "authorization") }"#).header(AUTHORIZATION, &value);
    let body: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(body["data"]["header"], json!([value]));
}

#[tokio::test]
async fn while_no_key_can_be_had_nothing_is_said_about_a_token() {
    let issuer = Issuer::start().await;
    let token = issuer.token("user");
    let settings =
        VerifierSettings { jwks_url: "http://127.0.0.1:9/jwks.json".to_owned(), ..VerifierSettings::default() };
    let gateway = TestGateway::verified(|_| {}, Some(Verifier::new(settings).unwrap())).await;
    let answer = outcome(gateway.query("{ hello }").bearer_auth(token)).await;
    assert_eq!(answer, (503, "SERVICE_UNAVAILABLE".to_owned()));
    assert_eq!(outcome(gateway.query("{ hello }")).await, (200, String::new()));
}

#[tokio::test]
async fn without_identity_settings_a_token_opens_nothing_here() {
    let issuer = Issuer::start().await;
    let gateway = TestGateway::start().await;
    let request = gateway.query("{ stock }").bearer_auth(issuer.token("user stock:read"));
    let body: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(body["data"], json!({ "stock": null }));
    assert_eq!(body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(issuer.fetches.load(Ordering::SeqCst), 0);
}

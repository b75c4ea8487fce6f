//! Rows T26 and T30 of the threat model: where keys come from, and how often they are asked for.

use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use futures_util::future::join_all;
use service::serve::ServeSettings;
use service::token::{JwksSource, TokenError, Verifier, VerifierSettings};
use testing::TestIssuer;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::server::start_with;

/// Ages that a test can wait for.
fn hasty(issuer: &TestIssuer) -> VerifierSettings {
    VerifierSettings {
        cache_ttl: Duration::from_millis(200),
        cooldown: Duration::from_millis(50),
        max_stale: Duration::from_secs(2),
        ..issuer.settings()
    }
}

#[tokio::test]
async fn a_thousand_tokens_at_once_cost_one_fetch() {
    let issuer = TestIssuer::start().await;
    let verifier = Verifier::new(issuer.settings()).unwrap();
    let token = issuer.token("user-1", "user");
    let outcomes = join_all((0..1000).map(|_| verifier.verify(&token))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn t26_ten_thousand_unknown_keys_cost_one_fetch_a_cooldown() {
    let issuer = TestIssuer::start().await;
    let verifier = Verifier::new(issuer.settings()).unwrap();
    let good = issuer.token("user-1", "user");
    verifier.verify(&good).await.unwrap();
    let unknown = (0..10_000).map(|n| {
        let mut header = issuer.header();
        header.kid = Some(format!("unknown-{n}"));
        issuer.sign_with(header, &testing::issuer::claims("user-1", "user"))
    });
    for token in unknown {
        assert_eq!(verifier.verify(&token).await, Err(TokenError::UnknownKey));
    }
    let cooldowns = 1;
    assert!(issuer.fetches() <= 2 + cooldowns, "{} fetches", issuer.fetches());
    verifier.verify(&good).await.unwrap();
}

#[tokio::test]
async fn t30_a_rotation_fails_no_token_and_a_withdrawn_key_is_refused_in_time() {
    let issuer = TestIssuer::start().await;
    let verifier = Verifier::new(hasty(&issuer)).unwrap();
    let old = issuer.token("user-1", "user");
    verifier.verify(&old).await.unwrap();

    issuer.rotate("key-2");
    sleep(Duration::from_millis(60)).await;
    verifier.verify(&issuer.token("user-1", "user")).await.expect("a new key is asked for once the cooldown is over");
    verifier.verify(&old).await.expect("the old key is still published");

    issuer.withdraw("key-1");
    sleep(Duration::from_millis(210)).await;
    assert_eq!(verifier.verify(&old).await, Err(TokenError::UnknownKey));
    verifier.verify(&issuer.token("user-1", "user")).await.unwrap();
}

#[tokio::test]
async fn t30_while_the_issuer_is_down_keys_are_kept_and_nobody_waits() {
    let issuer = TestIssuer::start().await;
    let verifier = Verifier::new(hasty(&issuer)).unwrap();
    let token = issuer.token("user-1", "user");
    verifier.verify(&token).await.unwrap();
    issuer.set_down(true);
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(1000) {
        verifier.verify(&token).await.expect("stale keys are served");
        sleep(Duration::from_millis(10)).await;
    }
    assert!(issuer.fetches() <= 1 + 1000 / 50, "{} fetches", issuer.fetches());

    sleep(Duration::from_millis(1200)).await;
    assert_eq!(verifier.verify(&token).await, Err(TokenError::KeysUnavailable), "but not for ever");
    issuer.set_down(false);
    sleep(Duration::from_millis(60)).await;
    verifier.verify(&token).await.unwrap();
}

#[tokio::test]
async fn a_verifier_without_keys_says_so_and_recovers() {
    let issuer = TestIssuer::start().await;
    issuer.set_down(true);
    let verifier = Verifier::new(hasty(&issuer)).unwrap();
    let token = issuer.token("user-1", "user");
    assert_eq!(verifier.verify(&token).await, Err(TokenError::KeysUnavailable));
    issuer.set_down(false);
    sleep(Duration::from_millis(60)).await;
    verifier.verify(&token).await.unwrap();
}

#[tokio::test]
async fn t23_redirects_pages_and_large_documents_are_no_keys() {
    let issuer = TestIssuer::start().await;
    let jwks_url = issuer.settings().jwks_url;
    let redirect = move || async move { (StatusCode::FOUND, [("location", jwks_url)]) };
    let keys = serde_json::to_string(&issuer.jwks()).unwrap();
    let padded = keys.clone() + &" ".repeat(70_000);
    let routes = Router::new()
        .route("/redirect", get(redirect))
        .route("/page", get(|| async { "<html>" }))
        .route("/large", get(|| async { padded }))
        .route("/good", get(|| async { keys }));
    let server = start_with(ServeSettings::default(), routes).await;
    let token = issuer.token("user-1", "user");
    for (path, accepted) in [("redirect", false), ("page", false), ("large", false), ("missing", false), ("good", true)]
    {
        let jwks_url = format!("http://{}/{path}", server.addr);
        let verifier = Verifier::new(VerifierSettings { jwks_url, ..VerifierSettings::default() }).unwrap();
        assert_eq!(verifier.verify(&token).await.is_ok(), accepted, "{path}");
    }
    assert_eq!(issuer.fetches(), 0);
}

#[tokio::test]
async fn keys_of_other_kinds_and_uses_are_left_out() {
    let issuer = TestIssuer::start().await;
    let mut set = serde_json::to_value(issuer.jwks()).unwrap();
    let mut for_encryption = set["keys"][0].clone();
    for_encryption["use"] = "enc".into();
    for_encryption["kid"] = "key-2".into();
    let strange = serde_json::json!({ "kty": "post-quantum", "alg": "ML-DSA-44", "kid": 5 });
    set["keys"].as_array_mut().unwrap().extend([strange, for_encryption]);
    let text = set.to_string();
    let server = start_with(ServeSettings::default(), Router::new().route("/keys", get(|| async { text }))).await;
    let jwks_url = format!("http://{}/keys", server.addr);
    let verifier = Verifier::new(VerifierSettings { jwks_url, ..VerifierSettings::default() }).unwrap();
    verifier.verify(&issuer.token("user-1", "user")).await.unwrap();
    let mut header = issuer.header();
    header.kid = Some("key-2".to_owned());
    let token = issuer.sign_with(header, &testing::issuer::claims("user-1", "user"));
    assert_eq!(verifier.verify(&token).await, Err(TokenError::UnknownKey));
}

#[tokio::test]
async fn the_issuer_itself_verifies_with_what_it_published_last() {
    let issuer = TestIssuer::start().await;
    let (publish, published) = watch::channel(issuer.jwks());
    let verifier = Verifier::with_source(issuer.settings(), JwksSource::Local(published)).unwrap();
    verifier.verify(&issuer.token("user-1", "user")).await.unwrap();
    issuer.rotate("key-2");
    assert_eq!(verifier.verify(&issuer.token("user-1", "user")).await, Err(TokenError::UnknownKey));
    publish.send_replace(issuer.jwks());
    verifier.verify(&issuer.token("user-1", "user")).await.unwrap();
    assert_eq!(issuer.fetches(), 0);
}

use auth::{domain::keys::KeyRing, entities::user::Role, settings::AuthSettings};
use jsonwebtoken::decode_header;
use serde_json::Value;

use crate::app::{TestApp, http};

async fn published(app: &TestApp) -> Vec<Value> {
    let answer = http().get(app.url("/.well-known/jwks.json")).send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "public, max-age=300");
    assert_eq!(answer.headers()["content-type"], "application/json");
    let mut set: Value = answer.json().await.unwrap();
    serde_json::from_value(set["keys"].take()).unwrap()
}

#[tokio::test]
async fn every_process_verifies_an_access_token_with_the_published_keys() {
    for app in TestApp::on_each_database().await {
        let rosa = app.somebody("rosa@example.org", Role::Customer).await;
        let claims = app.verify(&rosa.access_token).await.unwrap();
        assert_eq!((claims.sub, claims.aud.as_str()), (rosa.id.to_string(), "mercado"));
        assert_eq!(claims.iss, "https://auth.mercado.internal");
        assert_eq!(claims.scope, ["user"]);
        assert_eq!((claims.exp - claims.iat, claims.nbf), (600, claims.iat));
        assert!(claims.sid.is_some());
        let header = decode_header(&rosa.access_token).unwrap();
        assert_eq!(header.typ.as_deref(), Some("at+jwt"));
    }
}

#[tokio::test]
async fn what_is_published_is_public() {
    let app = TestApp::start().await;
    let keys = published(&app).await;
    assert_eq!(keys.len(), 2, "current and next");
    for key in keys {
        let mut members: Vec<_> = key.as_object().unwrap().keys().cloned().collect();
        members.sort();
        assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
        assert_eq!((&key["alg"], &key["crv"], &key["use"]), (&"EdDSA".into(), &"Ed25519".into(), &"sig".into()));
    }
}

#[tokio::test]
async fn t30_a_rotation_leaves_old_tokens_valid_and_uses_a_key_that_was_published_before() {
    for app in TestApp::on_each_database().await {
        let before = app.somebody("rosa@example.org", Role::Customer).await;
        let known: Vec<Value> = published(&app).await.iter().map(|key| key["kid"].clone()).collect();

        let replica = KeyRing::open(app.database.clone()).await.unwrap();
        replica.rotate().await.unwrap();
        let app = app.restarted(AuthSettings::default()).await.unwrap();

        let after = app.sign_in("rosa@example.org").await;
        let kid = |token: &str| Value::from(decode_header(token).unwrap().kid.unwrap());
        assert_ne!(kid(&before.access_token), kid(&after.access_token));
        assert!(known.contains(&kid(&after.access_token)));
        assert_eq!(published(&app).await.len(), 3, "previous, current and next");
        let verifier = app.verifier();
        verifier.verify(&before.access_token).await.unwrap();
        verifier.verify(&after.access_token).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_rotate_at_once_rotate_once() {
    for app in TestApp::on_each_database().await {
        let mut replicas = Vec::new();
        for _ in 0..8 {
            replicas.push(KeyRing::open(app.database.clone()).await.unwrap());
        }
        let rotations = futures_util::future::join_all(replicas.iter().map(KeyRing::rotate)).await;
        assert!(rotations.iter().all(Result::is_ok), "{rotations:?}");
        let current: std::collections::HashSet<_> = replicas.iter().map(|replica| replica.current().kid).collect();
        assert_eq!(current.len(), 1);
        assert_eq!(replicas[0].published().borrow().keys.len(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_start_at_once_agree_on_the_first_keys() {
    for app in TestApp::on_each_database().await {
        use sea_orm::EntityTrait as _;
        auth::entities::signing_key::Entity::delete_many().exec(app.database.write()).await.unwrap();
        let replicas = futures_util::future::join_all((0..8).map(|_| KeyRing::open(app.database.clone()))).await;
        let current: std::collections::HashSet<_> =
            replicas.into_iter().map(|replica| replica.unwrap().current().kid).collect();
        assert_eq!(current.len(), 1);
    }
}

#[tokio::test]
async fn keys_rotate_by_age_and_survive_a_restart() {
    let app = TestApp::start().await;
    let rosa = app.somebody("rosa@example.org", Role::Customer).await;
    let keys = KeyRing::open(app.database.clone()).await.unwrap();
    let kid = keys.current().kid;
    keys.rotate_when_older(std::time::Duration::from_secs(3_600)).await.unwrap();
    assert_eq!(keys.current().kid, kid);
    let app = app.restarted(AuthSettings::default()).await.unwrap();
    app.verify(&rosa.access_token).await.unwrap();
    keys.rotate_when_older(std::time::Duration::ZERO).await.unwrap();
    assert_ne!(keys.current().kid, kid);
}

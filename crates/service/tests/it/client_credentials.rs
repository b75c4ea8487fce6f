use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use futures_util::future::join_all;
use serde_json::json;
use service::serve::ServeSettings;
use service::token::{ClientCredentials, ClientCredentialsSettings, GrantError};
use tokio::time::{Instant, sleep};

use crate::server::{Server, start_with};

/// An issuer that numbers the tokens it gives, each good for `expires_in` seconds, and refuses from `fails_after` on.
async fn issuer(expires_in: u64, fails_after: usize, failure: StatusCode) -> (Server, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let answer = move |headers: HeaderMap, body: String| async move {
        let pair = base64::engine::general_purpose::STANDARD.encode("orders:s3cret%2B%25%3A%2F");
        assert_eq!(headers["authorization"], format!("Basic {pair}"));
        assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
        assert_eq!(body, "grant_type=client_credentials");
        let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
        grant(number, expires_in, number > fails_after, failure)
    };
    (start_with(ServeSettings::default(), Router::new().route("/oauth/token", post(answer))).await, asked)
}

fn grant(number: usize, expires_in: u64, fails: bool, failure: StatusCode) -> Response {
    if fails {
        return (failure, axum::Json(json!({ "error": "invalid_client" }))).into_response();
    }
    let token = json!({ "access_token": format!("t{number}"), "token_type": "Bearer", "expires_in": expires_in });
    axum::Json(token).into_response()
}

fn credentials(server: &Server) -> ClientCredentials {
    let settings = ClientCredentialsSettings {
        token_url: format!("http://{}/oauth/token", server.addr),
        client_id: "orders".to_owned(),
        client_secret: "s3cret+%:/".into(),
    };
    ClientCredentials::new(settings).unwrap()
}

async fn bearer(credentials: &ClientCredentials) -> Result<String, GrantError> {
    let value = credentials.bearer(Instant::now() + Duration::from_secs(2)).await?;
    assert!(value.is_sensitive());
    Ok(value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn many_callers_share_one_token() {
    let (server, asked) = issuer(600, usize::MAX, StatusCode::OK).await;
    let credentials = credentials(&server);
    let bearers = join_all((0..100).map(|_| bearer(&credentials))).await;
    assert!(bearers.iter().all(|bearer| bearer.as_deref() == Ok("Bearer t1")), "{bearers:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn it_is_renewed_behind_its_users_before_it_expires() {
    let (server, asked) = issuer(1, usize::MAX, StatusCode::OK).await;
    let credentials = credentials(&server);
    assert_eq!(bearer(&credentials).await.unwrap(), "Bearer t1");
    sleep(Duration::from_millis(850)).await;
    assert_eq!(bearer(&credentials).await.unwrap(), "Bearer t1", "the old one serves while the new one is fetched");
    while asked.load(Ordering::SeqCst) < 2 {
        sleep(Duration::from_millis(5)).await;
    }
    sleep(Duration::from_millis(50)).await;
    assert_eq!(bearer(&credentials).await.unwrap(), "Bearer t2");
}

#[tokio::test]
async fn one_that_was_refused_is_not_used_again() {
    let (server, asked) = issuer(600, usize::MAX, StatusCode::OK).await;
    let credentials = credentials(&server);
    let first = credentials.bearer(Instant::now() + Duration::from_secs(2)).await.unwrap();
    sleep(Duration::from_millis(1_050)).await;
    credentials.heed("FORBIDDEN", &first);
    assert_eq!(bearer(&credentials).await.unwrap(), "Bearer t1");
    credentials.heed("UNAUTHENTICATED", &first);
    assert_eq!(bearer(&credentials).await.unwrap(), "Bearer t2");
    // That of the first is late news, and the second is brand-new.
    let second = credentials.bearer(Instant::now() + Duration::from_secs(2)).await.unwrap();
    for refused in [&first, &second] {
        credentials.heed("UNAUTHENTICATED", refused);
    }
    assert_eq!(bearer(&credentials).await.unwrap(), "Bearer t2");
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn while_the_issuer_fails_the_old_token_serves_until_it_expires() {
    let (server, asked) = issuer(1, 1, StatusCode::SERVICE_UNAVAILABLE).await;
    let credentials = credentials(&server);
    assert_eq!(bearer(&credentials).await.unwrap(), "Bearer t1");
    sleep(Duration::from_millis(850)).await;
    assert_eq!(bearer(&credentials).await.unwrap(), "Bearer t1");
    sleep(Duration::from_millis(200)).await;
    let refused = join_all((0..50).map(|_| bearer(&credentials))).await;
    assert!(refused.iter().all(|outcome| *outcome == Err(GrantError::Unavailable)), "{refused:?}");
    assert!(asked.load(Ordering::SeqCst) <= 3, "{} requests", asked.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_wrong_secret_is_told_apart_from_an_issuer_that_is_down() {
    let (server, _) = issuer(600, 0, StatusCode::UNAUTHORIZED).await;
    let credentials = credentials(&server);
    assert_eq!(bearer(&credentials).await, Err(GrantError::Refused(401)));
    assert!(!format!("{credentials:?}").contains("s3cret"));
}

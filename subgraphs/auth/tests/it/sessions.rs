use auth::entities::{
    refresh_token,
    session::{self, Revocation},
    user::{self, Role},
};
use chrono::TimeDelta;
use futures_util::future::join_all;
use sea_orm::{EntityTrait as _, Set};
use serde_json::{Value, json};

use crate::app::{SignedIn, TestApp};

/// What every refused refresh answers.
fn refused() -> Value {
    let error = json!({
        "__typename": "InvalidRefreshTokenError", "code": "INVALID_REFRESH_TOKEN",
        "message": "This refresh token is not valid. Sign in again.", "path": ["refreshToken"],
    });
    json!({ "accessToken": null, "refreshToken": null, "expiresIn": null, "user": null, "errors": [error] })
}

/// The refresh token that this one is exchanged for.
async fn next(app: &TestApp, token: &str) -> String {
    let payload = app.refresh(token).await;
    assert_eq!(payload["errors"], json!([]));
    payload["refreshToken"].as_str().unwrap().to_owned()
}

async fn revocation(app: &TestApp) -> Option<Revocation> {
    session::Entity::find().one(app.database.read()).await.unwrap().unwrap().revoked_because
}

/// Moves every use of a refresh token eleven seconds into the past, where no concurrent request can be.
async fn let_grace_end(app: &TestApp) {
    let then = subgraph::time::now() - TimeDelta::seconds(11);
    let used = refresh_token::ActiveModel { rotated_at: Set(Some(then)), ..Default::default() };
    let update = refresh_token::Entity::update_many().set(used);
    let update = sea_orm::QueryFilter::filter(update, refresh_token::COLUMN.rotated_at.is_not_null());
    update.exec(app.database.write()).await.unwrap();
}

async fn customer(app: &TestApp) -> SignedIn {
    app.somebody("rosa@example.org", Role::Customer).await
}

#[tokio::test]
async fn a_session_goes_on_with_a_new_token_each_time() {
    for app in TestApp::on_each_database().await {
        let rosa = customer(&app).await;
        let payload = app.refresh(&rosa.refresh_token).await;
        let user = json!({ "id": rosa.id.to_string(), "roles": ["CUSTOMER"] });
        assert_eq!((&payload["user"], &payload["expiresIn"]), (&user, &json!(600)));
        let (before, after) = (
            app.verify(&rosa.access_token).await.unwrap(),
            app.verify(payload["accessToken"].as_str().unwrap()).await.unwrap(),
        );
        assert_eq!((before.sid, before.sub), (after.sid, after.sub));
        assert_ne!(before.jti, after.jti);
        let third = next(&app, payload["refreshToken"].as_str().unwrap()).await;
        assert_ne!(next(&app, &third).await, rosa.refresh_token);
    }
}

#[tokio::test]
async fn refresh_tokens_are_stored_as_hashes() {
    let app = TestApp::start().await;
    let rosa = customer(&app).await;
    let row = refresh_token::Entity::find().one(app.database.read()).await.unwrap().unwrap();
    assert_eq!((row.hash.len(), rosa.refresh_token.len()), (32, 43));
    assert_ne!(row.hash, rosa.refresh_token.as_bytes()[..32]);
}

#[tokio::test]
async fn t34_a_token_that_comes_again_later_ends_its_session() {
    for app in TestApp::on_each_database().await {
        let rosa = customer(&app).await;
        let second = next(&app, &rosa.refresh_token).await;
        let_grace_end(&app).await;
        assert_eq!(app.refresh(&rosa.refresh_token).await, refused());
        assert_eq!(revocation(&app).await, Some(Revocation::Reuse));
        assert_eq!(app.refresh(&second).await, refused(), "the thief's and the owner's are both dead");
    }
}

#[tokio::test]
async fn t34_a_token_that_comes_again_at_once_gets_nothing_and_ends_nothing() {
    let app = TestApp::start().await;
    let rosa = customer(&app).await;
    let second = next(&app, &rosa.refresh_token).await;
    assert_eq!(app.refresh(&rosa.refresh_token).await, refused());
    assert_eq!(revocation(&app).await, None);
    next(&app, &second).await;
}

#[tokio::test]
async fn t34_a_grandparent_ends_the_session_even_at_once() {
    let app = TestApp::start().await;
    let rosa = customer(&app).await;
    let second = next(&app, &rosa.refresh_token).await;
    let third = next(&app, &second).await;
    assert_eq!(app.refresh(&rosa.refresh_token).await, refused());
    assert_eq!(revocation(&app).await, Some(Revocation::Reuse));
    assert_eq!(app.refresh(&third).await, refused());
}

#[tokio::test(flavor = "multi_thread")]
async fn t34_fifty_uses_at_once_give_one_successor() {
    for app in TestApp::on_each_database().await {
        let rosa = customer(&app).await;
        app.connect(50).await;
        let answers = join_all((0..50).map(|_| app.refresh(&rosa.refresh_token))).await;
        let (lucky, rest): (Vec<_>, Vec<_>) = answers.into_iter().partition(|payload| payload["errors"] == json!([]));
        assert_eq!((lucky.len(), rest.len()), (1, 49));
        assert!(rest.iter().all(|payload| *payload == refused()));
        let tokens = refresh_token::Entity::find().all(app.database.read()).await.unwrap();
        assert_eq!(tokens.iter().filter(|token| token.rotated_at.is_none()).count(), 1);
        assert_eq!(tokens.len(), 2);
        next(&app, lucky[0]["refreshToken"].as_str().unwrap()).await;
    }
}

#[tokio::test]
async fn t35_a_logout_kills_the_refresh_token_at_once_and_the_access_token_by_its_expiry() {
    for app in TestApp::on_each_database().await {
        let (rosa, elsewhere) = (customer(&app).await, app.sign_in("rosa@example.org").await);
        let logout = "mutation { logout { loggedOut errors { ... on UserError { code } } } }";
        for _ in 0..2 {
            let answer = rosa.client.data(logout, json!({})).await;
            assert_eq!(answer, json!({ "logout": { "loggedOut": true, "errors": [] } }));
        }
        assert_eq!(app.refresh(&rosa.refresh_token).await, refused());
        let claims = app.verify(&rosa.access_token).await.unwrap();
        assert!(claims.exp - claims.iat <= 600);
        next(&app, &elsewhere.refresh_token).await;
    }
}

#[tokio::test]
async fn a_logout_of_a_session_that_is_gone_says_so() {
    let app = TestApp::start().await;
    let rosa = customer(&app).await;
    session::Entity::delete_many().exec(app.database.write()).await.unwrap();
    let logout = "mutation { logout { loggedOut errors { __typename ... on UserError { code } } } }";
    let error = json!({ "__typename": "NotFoundError", "code": "NOT_FOUND" });
    let answer = rosa.client.data(logout, json!({})).await;
    assert_eq!(answer, json!({ "logout": { "loggedOut": false, "errors": [error] } }));
}

#[tokio::test]
async fn t35_a_disabled_user_is_out_at_the_next_refresh() {
    let app = TestApp::start().await;
    let rosa = customer(&app).await;
    let now = subgraph::time::now();
    app.change(rosa.id, user::ActiveModel { disabled_at: Set(Some(now)), ..Default::default() }).await;
    assert_eq!(app.refresh(&rosa.refresh_token).await, refused());
    assert_eq!(rosa.client.data("{ me { id } }", json!({})).await, json!({ "me": null }));
}

#[tokio::test]
async fn t35_a_lowered_role_has_its_scopes_at_the_next_refresh() {
    let app = TestApp::start().await;
    let admin = app.somebody("rosa@example.org", Role::Admin).await;
    let before = app.verify(&admin.access_token).await.unwrap();
    let all = "user catalog:write stock:write stock:read orders:read orders:write users:read users:write";
    assert_eq!(before.scope.join(" "), all);
    app.change(admin.id, user::ActiveModel { role: Set(Role::Customer), ..Default::default() }).await;
    let payload = app.refresh(&admin.refresh_token).await;
    let after = app.verify(payload["accessToken"].as_str().unwrap()).await.unwrap();
    assert_eq!(after.scope, ["user"]);
}

#[tokio::test]
async fn a_session_ends_when_it_idles_and_when_it_is_old() {
    let app = TestApp::start().await;
    let past = subgraph::time::now() - TimeDelta::seconds(1);

    let idle = customer(&app).await;
    let expired = refresh_token::ActiveModel { expires_at: Set(past), ..Default::default() };
    refresh_token::Entity::update_many().set(expired).exec(app.database.write()).await.unwrap();
    assert_eq!(app.refresh(&idle.refresh_token).await, refused());

    let old = app.sign_in("rosa@example.org").await;
    let expired = session::ActiveModel { expires_at: Set(past), ..Default::default() };
    session::Entity::update_many().set(expired).exec(app.database.write()).await.unwrap();
    assert_eq!(app.refresh(&old.refresh_token).await, refused());
}

#[tokio::test]
async fn what_was_never_a_token_is_refused_alike() {
    let app = TestApp::start().await;
    for token in ["", "x", "\u{0}", &"A".repeat(43), &"A".repeat(100_000)] {
        assert_eq!(app.refresh(token).await, refused());
    }
}

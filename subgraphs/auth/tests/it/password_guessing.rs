use std::time::{Duration, Instant};

use auth::{
    entities::sign_in_attempt,
    settings::{AuthSettings, HashingSettings},
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use sea_orm::{EntityTrait as _, Set};
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};

/// Lets the pauses that accounts have to make be over.
async fn let_pauses_end(app: &TestApp) {
    let over = Set(Some(subgraph::time::now() - TimeDelta::seconds(1)));
    let over = sign_in_attempt::ActiveModel { blocked_until: over, ..Default::default() };
    sign_in_attempt::Entity::update_many().set(over).exec(app.database.write()).await.unwrap();
}

async fn blocked_until(app: &TestApp) -> Option<DateTime<Utc>> {
    let attempt = sign_in_attempt::Entity::find().one(app.database.read()).await.unwrap();
    attempt.and_then(|attempt| attempt.blocked_until)
}

fn kind(payload: &Value) -> &str {
    payload["errors"][0]["__typename"].as_str().unwrap_or("none")
}

#[tokio::test]
async fn t32_guessing_slows_down_and_the_right_password_works_after_the_pause() {
    let app = TestApp::start().await;
    app.register("rosa@example.org", PASSWORD, "Rosa").await;
    for _ in 0..6 {
        assert_eq!(kind(&app.login("rosa@example.org", "not her password").await), "InvalidCredentialsError");
    }
    let locked = app.login("rosa@example.org", PASSWORD).await;
    let error = json!({
        "__typename": "AccountLockedError", "code": "ACCOUNT_LOCKED",
        "message": "Too many attempts. Try again later.", "path": null, "retryAfterSeconds": 1,
    });
    assert_eq!(locked["errors"], json!([error]));
    assert_eq!(locked["accessToken"], Value::Null);

    let_pauses_end(&app).await;
    assert_eq!(kind(&app.login("rosa@example.org", PASSWORD).await), "none");
    assert_eq!(blocked_until(&app).await, None, "a success makes up for the failures");
    assert_eq!(kind(&app.login("rosa@example.org", "not her password").await), "InvalidCredentialsError");
}

#[tokio::test]
async fn t32_after_many_failures_the_pause_is_a_quarter_of_an_hour_and_not_for_ever() {
    let app = TestApp::start().await;
    app.register("rosa@example.org", PASSWORD, "Rosa").await;
    for _ in 0..20 {
        let_pauses_end(&app).await;
        app.login("rosa@example.org", "not her password").await;
    }
    let pause = blocked_until(&app).await.unwrap() - subgraph::time::now();
    assert!(pause > TimeDelta::minutes(14) && pause <= TimeDelta::minutes(15), "{pause}");
    let_pauses_end(&app).await;
    assert_eq!(kind(&app.login("rosa@example.org", PASSWORD).await), "none");
}

#[tokio::test(flavor = "multi_thread")]
async fn t32_a_hundred_and_one_guesses_at_once_are_slowed_down_like_guesses_in_a_row() {
    // More turns than processors, so that attempts meet where they are counted.
    let hashing = HashingSettings { permits: Some(16), wait: Duration::from_secs(60) };
    for app in TestApp::on_each_database_with(AuthSettings { hashing, ..AuthSettings::default() }).await {
        app.connect(101).await;
        app.register("rosa@example.org", PASSWORD, "Rosa").await;
        let guess = |_| app.login("rosa@example.org", "not her password");
        let start = Instant::now();
        let answers = join_all((0..101).map(guess)).await;
        let checked = answers.iter().filter(|payload| kind(payload) == "InvalidCredentialsError").count();
        let locked = answers.iter().filter(|payload| kind(payload) == "AccountLockedError").count();
        assert_eq!(checked + locked, 101);
        // Six before the first pause, then one after each pause of 1, 2, 4 ... seconds that was over meanwhile.
        let pauses = (start.elapsed().as_secs_f64() + 1.0).log2() as usize;
        assert!((1..=6 + pauses).contains(&checked), "{checked} passwords were checked");
    }
}

#[tokio::test]
async fn t31_an_address_without_an_account_is_slowed_down_alike() {
    let app = TestApp::start().await;
    app.register("rosa@example.org", PASSWORD, "Rosa").await;
    for _ in 0..8 {
        let known = app.login("rosa@example.org", "not her password").await;
        let unknown = app.login("nobody@example.org", "not her password").await;
        assert_eq!(known, unknown);
    }
}

use std::time::Duration;

use auth::{
    Auth,
    entities::user::{self, Role},
    settings::{AuthSettings, BootstrapAdmin, PrincipalSettings},
};
use sea_orm::{EntityTrait as _, PaginatorTrait as _};
use secrecy::SecretString;
use serde_json::json;
use subgraph::{Subgraph as _, boot::Size};
use testing::database;

use crate::app::{PASSWORD, TestApp};

fn bootstrap(email: &str, password: &str) -> AuthSettings {
    let admin = BootstrapAdmin { email: email.to_owned(), password: SecretString::from(password) };
    AuthSettings { bootstrap_admin: Some(admin), ..AuthSettings::default() }
}

async fn users(app: &TestApp) -> u64 {
    user::Entity::find().count(app.database.read()).await.unwrap()
}

#[tokio::test]
async fn the_demo_market_has_fifty_users_and_three_of_them_get_the_password() {
    for app in TestApp::on_each_database().await {
        for _ in 0..2 {
            Auth::seed(&app.database, Size::S).await.unwrap();
            auth::demo::give_passwords(&app.database, "mercado-demo-2026").await.unwrap();
        }
        assert_eq!(users(&app).await, 50);
        let accounts = [("admin", "ADMIN"), ("staff", "STAFF"), ("shopper", "CUSTOMER")];
        for (account, role) in accounts {
            let payload = app.login(&format!("{account}@mercado.test"), "mercado-demo-2026").await;
            assert_eq!(payload["user"]["roles"], json!([role]), "{account}: {payload:#}");
        }
        let another = demo::user(10).email;
        assert_eq!(app.login(&another, "mercado-demo-2026").await["user"], json!(null));
    }
}

#[tokio::test]
async fn users_who_are_there_are_not_joined_by_demo_users() {
    let app = TestApp::start().await;
    app.register("rosa@example.org", PASSWORD, "Rosa").await;
    Auth::seed(&app.database, Size::S).await.unwrap();
    auth::demo::give_passwords(&app.database, "mercado-demo-2026").await.unwrap();
    assert_eq!(users(&app).await, 1);
}

#[tokio::test]
async fn a_larger_market_is_seeded_in_batches() {
    let app = TestApp::start().await;
    let before = app.database.statements();
    Auth::seed(&app.database, Size::M).await.unwrap();
    assert_eq!(app.database.statements() - before, 11);
    assert_eq!(users(&app).await, 10_000);
}

#[tokio::test]
async fn the_first_administrator_comes_from_the_settings() {
    let app = TestApp::with(bootstrap("Boss@example.org", PASSWORD)).await;
    let boss = app.login("boss@example.org", PASSWORD).await;
    assert_eq!(boss["user"]["roles"], json!(["ADMIN"]));

    let app = app.restarted(bootstrap("second@example.org", PASSWORD)).await.unwrap();
    assert_eq!(users(&app).await, 1, "one administrator is enough");
}

#[tokio::test]
async fn whoever_took_the_administrators_address_before_is_out() {
    let app = TestApp::start().await;
    let squatter = app.somebody("boss@example.org", Role::Customer).await;
    let app = app.restarted(bootstrap("boss@example.org", "another good password")).await.unwrap();
    assert_eq!(app.refresh(&squatter.refresh_token).await["accessToken"], json!(null));
    assert_eq!(app.login("boss@example.org", PASSWORD).await["accessToken"], json!(null));
    let boss = app.login("boss@example.org", "another good password").await;
    assert_eq!(boss["user"]["roles"], json!(["ADMIN"]));
}

#[tokio::test]
async fn settings_that_cannot_work_are_named_before_a_port_is_taken() {
    let principal = |name: &str, principal| AuthSettings {
        principals: [(name.to_owned(), principal)].into(),
        ..AuthSettings::default()
    };
    let odd = PrincipalSettings { scopes: vec!["two words".to_owned()], ..PrincipalSettings::new("x".repeat(32)) };
    let cases = [
        (bootstrap("boss@example.org", "short"), "service.bootstrap_admin.password: Use at least 8 characters."),
        (bootstrap("boss", PASSWORD), r#"service.bootstrap_admin.email: "boss" is not an e-mail address"#),
        (
            AuthSettings { access_token_lifetime: Duration::from_secs(86_400), ..AuthSettings::default() },
            "service.access_token_lifetime: 86400 s is not between 1 s and 3600 s",
        ),
        (
            principal("orders", PrincipalSettings::new("short")),
            "service.principals.orders.secret: at least 32 characters are needed",
        ),
        (
            principal("019b76da-a800-7c83-9c0a-f0823d7b34df", PrincipalSettings::new("x".repeat(32))),
            "service.principals.019b76da-a800-7c83-9c0a-f0823d7b34df: the name of a principal must not look like a user's id",
        ),
        (
            principal("orders", odd),
            r#"service.principals.orders.scopes: "two words" is not a scope (RFC 6749, section 3.3)"#,
        ),
    ];
    for (settings, message) in cases {
        let refused = TestApp::on(database::sqlite(), settings).await.err().map(|error| error.to_string());
        assert_eq!(refused.as_deref(), Some(message));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_on_the_machine_reads_the_signing_keys() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = database::sqlite();
    let path = place.url.strip_prefix("sqlite://").unwrap().to_owned();
    let _app = TestApp::on(place, AuthSettings::default()).await.unwrap();
    for file in [path.clone(), format!("{path}-wal")] {
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
    }
}

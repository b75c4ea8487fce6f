use std::net::{Ipv4Addr, SocketAddr};

use auth::{
    Auth,
    entities::user::{self, Role},
    settings::{AuthSettings, PrincipalSettings},
};
use futures_util::future::join_all;
use sea_orm::{ActiveModelTrait as _, EntityTrait as _, Set};
use serde_json::{Value, json};
use service::{
    shutdown::Shutdown,
    token::{Claims, TokenError, Verifier, VerifierSettings},
};
use subgraph::{BootError, Database, DatabaseSettings, SubgraphSettings, boot};
use testing::{TestDatabase, database, graphql::Client};
use uuid::Uuid;

/// Good enough, and the same for everybody.
pub(crate) const PASSWORD: &str = "a quiet tall lamp";
pub(crate) const PRINCIPAL_SECRET: &str = "orders-secret-of-thirty-two-chars";

/// The subgraph on a port and a database of its own, both gone when this is dropped.
pub(crate) struct TestApp {
    pub(crate) database: Database,
    pub(crate) address: SocketAddr,
    /// One for all requests, so that many at once find their connections open.
    client: Client,
    shutdown: Shutdown,
    place: Option<TestDatabase>,
}

/// Somebody who has signed in.
pub(crate) struct SignedIn {
    pub(crate) id: Uuid,
    pub(crate) client: Client,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
}

impl TestApp {
    /// On SQLite, for what does not depend on the database.
    pub(crate) async fn start() -> Self {
        Self::with(AuthSettings::default()).await
    }

    pub(crate) async fn with(settings: AuthSettings) -> Self {
        Self::on(database::sqlite(), settings).await.unwrap()
    }

    /// On SQLite, and on PostgreSQL where there is one.
    pub(crate) async fn on_each_database() -> Vec<Self> {
        Self::on_each_database_with(AuthSettings::default()).await
    }

    pub(crate) async fn on_each_database_with(settings: AuthSettings) -> Vec<Self> {
        let mut apps = vec![Self::with(settings.clone()).await];
        if let Some(place) = database::postgres().await {
            apps.push(Self::on(place, settings).await.unwrap());
        }
        apps
    }

    /// Opens this many connections, for a race that the time it takes to connect must not decide.
    pub(crate) async fn connect(&self, connections: usize) {
        join_all((0..connections).map(|_| self.client.data("{ __typename }", json!({})))).await;
    }

    /// With the service principal `orders`.
    pub(crate) async fn with_principal() -> Self {
        let principals = [("orders".to_owned(), PrincipalSettings::new(PRINCIPAL_SECRET))];
        Self::with(AuthSettings { principals: principals.into(), ..AuthSettings::default() }).await
    }

    pub(crate) async fn on(place: TestDatabase, service: AuthSettings) -> Result<Self, BootError> {
        let settings = SubgraphSettings::<Auth> {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            database: DatabaseSettings { url: place.url.clone(), ..DatabaseSettings::default() },
            service,
            ..SubgraphSettings::default()
        };
        let shutdown = Shutdown::new();
        let running = boot::start(settings, shutdown.clone()).await?;
        let client = Client::new(format!("http://{}/graphql", running.address));
        Ok(Self { database: running.database, address: running.address, client, shutdown, place: Some(place) })
    }

    /// Another start on the same database, after this one was stopped.
    pub(crate) async fn restarted(mut self, service: AuthSettings) -> Result<Self, BootError> {
        self.shutdown.trigger();
        Self::on(self.place.take().unwrap(), service).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn anonymous(&self) -> Client {
        self.client.clone()
    }

    /// A verifier as every other process has one.
    pub(crate) fn verifier(&self) -> Verifier {
        let jwks_url = self.url("/.well-known/jwks.json");
        Verifier::new(VerifierSettings { jwks_url, ..VerifierSettings::default() }).unwrap()
    }

    pub(crate) async fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        self.verifier().verify(token).await
    }

    /// The payload of `register`.
    pub(crate) async fn register(&self, email: &str, password: &str, name: &str) -> Value {
        let query = "mutation($input: RegisterInput!) { register(input: $input) {
            user { id email name roles } errors { __typename ... on UserError { code message path } } } }";
        let input = json!({ "email": email, "password": password, "name": name });
        self.anonymous().data(query, json!({ "input": input })).await["register"].take()
    }

    /// The payload of `login`.
    pub(crate) async fn login(&self, email: &str, password: &str) -> Value {
        let mut answer = self.try_login(email, password).await;
        assert_eq!(answer.get("errors"), None, "{answer:#}");
        answer["data"]["login"].take()
    }

    /// The whole answer to `login`.
    pub(crate) async fn try_login(&self, email: &str, password: &str) -> Value {
        let query = "mutation($input: LoginInput!) { login(input: $input) {
            accessToken refreshToken expiresIn user { id email name roles }
            errors { __typename ... on UserError { code message path } ... on AccountLockedError { retryAfterSeconds } } } }";
        self.anonymous().run(query, json!({ "input": { "email": email, "password": password } })).await
    }

    /// The payload of `refreshSession`.
    pub(crate) async fn refresh(&self, token: &str) -> Value {
        let query = "mutation($input: RefreshSessionInput!) { refreshSession(input: $input) {
            accessToken refreshToken expiresIn user { id roles }
            errors { __typename ... on UserError { code message path } } } }";
        let input = json!({ "refreshToken": token });
        self.anonymous().data(query, json!({ "input": input })).await["refreshSession"].take()
    }

    /// Registers somebody, gives them this role, and signs them in.
    pub(crate) async fn somebody(&self, email: &str, role: Role) -> SignedIn {
        let registered = self.register(email, PASSWORD, "Rosa Martin").await;
        let id = registered["user"]["id"].as_str().unwrap().parse().unwrap();
        self.change(id, user::ActiveModel { role: Set(role), ..Default::default() }).await;
        self.sign_in(email).await
    }

    pub(crate) async fn sign_in(&self, email: &str) -> SignedIn {
        let payload = self.login(email, PASSWORD).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let access_token = text(&payload["accessToken"]);
        SignedIn {
            id: text(&payload["user"]["id"]).parse().unwrap(),
            client: self.anonymous().token(&access_token),
            refresh_token: text(&payload["refreshToken"]),
            access_token,
        }
    }

    /// What an administrator will do once there is a mutation for it.
    pub(crate) async fn change(&self, id: Uuid, change: user::ActiveModel) {
        user::ActiveModel { id: Set(id), ..change }.update(self.database.write()).await.unwrap();
    }

    pub(crate) async fn user(&self, id: Uuid) -> user::Model {
        user::Entity::find_by_id(id).one(self.database.read()).await.unwrap().unwrap()
    }

    /// A client of the service principal `orders`.
    pub(crate) async fn service(&self) -> Client {
        let answer = http()
            .post(self.url("/oauth/token"))
            .basic_auth("orders", Some(PRINCIPAL_SECRET))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials")
            .send()
            .await
            .unwrap();
        let answer: Value = answer.json().await.unwrap();
        self.anonymous().token(answer["access_token"].as_str().unwrap())
    }
}

/// For what is not GraphQL.
pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.shutdown.trigger();
    }
}

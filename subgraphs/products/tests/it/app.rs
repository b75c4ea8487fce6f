use std::net::{Ipv4Addr, SocketAddr};

use products::Products;
use serde_json::{Value, json};
use service::shutdown::Shutdown;
use subgraph::{Database, DatabaseSettings, Subgraph as _, SubgraphSettings, boot};
use testing::{TestDatabase, TestIssuer, database, graphql::Client};

pub(crate) const CUSTOMER: &str = "user";
pub(crate) const STAFF: &str = "user catalog:write stock:write stock:read orders:read orders:write";
pub(crate) const SERVICE: &str = "service";

/// The subgraph on a port and a database of its own, both gone when this is dropped.
pub(crate) struct TestApp {
    pub(crate) database: Database,
    client: Client,
    issuer: TestIssuer,
    shutdown: Shutdown,
    place: TestDatabase,
}

impl TestApp {
    /// On SQLite, for what does not depend on the database.
    pub(crate) async fn start() -> Self {
        Self::on(database::sqlite()).await
    }

    /// On SQLite, and on PostgreSQL where there is one.
    pub(crate) async fn on_each_database() -> Vec<Self> {
        let mut apps = vec![Self::start().await];
        if let Some(place) = database::postgres().await {
            apps.push(Self::on(place).await);
        }
        apps
    }

    pub(crate) async fn on(place: TestDatabase) -> Self {
        let issuer = TestIssuer::start().await;
        let settings = SubgraphSettings::<Products> {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            database: DatabaseSettings { url: place.url.clone(), ..DatabaseSettings::default() },
            identity: issuer.settings(),
            ..SubgraphSettings::default()
        };
        let shutdown = Shutdown::new();
        let running = boot::start(settings, shutdown.clone()).await.unwrap();
        Self {
            database: running.database,
            client: Client::new(format!("http://{}/graphql", running.address)),
            issuer,
            shutdown,
            place,
        }
    }

    /// As another process would connect to the same database.
    pub(crate) async fn connect_as_another(&self) -> Database {
        let settings = DatabaseSettings { url: self.place.url.clone(), ..DatabaseSettings::default() };
        Database::connect(&settings).await.unwrap()
    }

    /// With the 200 products of the small demo market.
    pub(crate) async fn seed(&self) {
        Products::seed(&self.database, boot::Size::S).await.unwrap();
    }

    pub(crate) fn anonymous(&self) -> Client {
        self.client.clone()
    }

    /// Somebody who holds these scopes.
    pub(crate) fn holder(&self, scopes: &str) -> Client {
        let subject = subgraph::Id::fresh().to_string();
        self.client.token(self.issuer.token(&subject, scopes))
    }

    pub(crate) fn staff(&self) -> Client {
        self.holder(STAFF)
    }

    /// Adds a product of this name for 10 euros, and gives all its fields.
    pub(crate) async fn product(&self, sku: &str, name: &str) -> Value {
        let price = json!({ "amount": "10.00", "currencyCode": "EUR" });
        self.create(json!({ "sku": sku, "name": name, "price": price })).await["product"].take()
    }

    /// The payload of `createProduct`.
    pub(crate) async fn create(&self, input: Value) -> Value {
        let query = format!(
            "mutation($input: CreateProductInput!) {{ createProduct(input: $input) {{ product {{ {PRODUCT} }} {ERRORS} }} }}"
        );
        self.staff().data(&query, json!({ "input": input })).await["createProduct"].take()
    }

    /// The payload of `updateProduct`.
    pub(crate) async fn update(&self, input: Value) -> Value {
        let query = format!(
            "mutation($input: UpdateProductInput!) {{ updateProduct(input: $input) {{ product {{ {PRODUCT} }} {VERSIONED_ERRORS} }} }}"
        );
        self.staff().data(&query, json!({ "input": input })).await["updateProduct"].take()
    }

    /// The payload of `archiveProduct`.
    pub(crate) async fn archive(&self, input: Value) -> Value {
        let query = format!(
            "mutation($input: ArchiveProductInput!) {{ archiveProduct(input: $input) {{ product {{ {PRODUCT} }} {VERSIONED_ERRORS} }} }}"
        );
        self.staff().data(&query, json!({ "input": input })).await["archiveProduct"].take()
    }

    /// What `work` answers, and how many SQL statements it took.
    pub(crate) async fn counted<T>(&self, work: impl Future<Output = T>) -> (T, u64) {
        let before = self.database.statements();
        let answer = work.await;
        (answer, self.database.statements() - before)
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.shutdown.trigger();
    }
}

/// Every field of a product.
pub(crate) const PRODUCT: &str =
    "id sku slug name description price { amount currencyCode } version archivedAt createdAt updatedAt";
/// What every error of a payload has.
const ERRORS: &str = "errors { __typename ... on UserError { code message path } }";
/// The same where the version may be at fault.
const VERSIONED_ERRORS: &str =
    "errors { __typename ... on UserError { code message path } ... on VersionConflictError { currentVersion } }";

/// The codes of an answer's top-level errors.
pub(crate) fn codes(answer: &Value) -> Vec<&str> {
    let errors = answer["errors"].as_array().map_or(&[][..], Vec::as_slice);
    errors.iter().map(|error| error["extensions"]["code"].as_str().expect("an error without a code")).collect()
}

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use async_graphql::{Context, EmptyMutation, EmptySubscription, Object, Schema};
use sea_orm::{ConnectionTrait as _, Database as SeaDatabase};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use serde_json::Value;
use service::shutdown::Shutdown;
use subgraph::{
    Assembled, BootError, Database, DatabaseSettings, Error, Identity, Parts, Requires, Result, Scope, Subgraph,
    SubgraphSettings, boot, boot::Size, server,
};
use testing::{TestDatabase, TestIssuer, graphql::Client};

/// A subgraph with one field for each thing that can go wrong.
#[derive(Clone)]
pub(crate) struct Sample;

pub(crate) struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        Vec::new()
    }
}

impl Subgraph for Sample {
    const NAME: &'static str = "sample";
    const PORT: u16 = 0;
    type Settings = ();
    type Migrator = Migrations;

    fn sdl() -> String {
        subgraph::sdl::export(&Schema::new(Query, EmptyMutation, EmptySubscription))
    }

    async fn assemble(parts: Parts<()>) -> Result<Assembled, BootError> {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        Ok(Assembled { router: server::router(schema, parts.gate) })
    }

    async fn seed(_: &Database, _: Size) -> Result<(), BootError> {
        Ok(())
    }
}

struct Query;

#[Object]
impl Query {
    async fn caller(&self, ctx: &Context<'_>) -> Option<String> {
        Identity::of(ctx).caller().ok().map(|caller| caller.subject.clone())
    }

    async fn length(&self, lists: Vec<Vec<i32>>) -> usize {
        lists.len()
    }

    #[graphql(guard = "Requires(Scope::Service)")]
    async fn internal(&self) -> bool {
        true
    }

    /// A statement that names a secret table which is not there.
    async fn broken_database(&self) -> Result<bool> {
        let database = SeaDatabase::connect("sqlite::memory:").await?;
        database.execute_unprepared("SELECT * FROM secret_table").await?;
        Ok(true)
    }

    async fn panics(&self, #[graphql(default = true)] really: bool) -> bool {
        assert!(!really, "a secret of the stack");
        really
    }

    async fn slow(&self) -> Result<bool> {
        tokio::time::sleep(Duration::from_secs(60)).await;
        Err(Error::Unavailable)
    }
}

pub(crate) struct TestApp {
    pub(crate) url: String,
    pub(crate) issuer: TestIssuer,
    shutdown: Shutdown,
    _place: TestDatabase,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::with_credential(None).await
    }

    pub(crate) async fn with_credential(credential: Option<&str>) -> Self {
        let (place, issuer, shutdown) = (testing::database::sqlite(), TestIssuer::start().await, Shutdown::new());
        let settings = SubgraphSettings::<Sample> {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            database: DatabaseSettings { url: place.url.clone(), ..DatabaseSettings::default() },
            identity: issuer.settings(),
            gateway_credential: credential.map(Into::into),
            ..SubgraphSettings::default()
        };
        let running = boot::start(settings, shutdown.clone()).await.unwrap();
        Self { url: format!("http://{}/graphql", running.address), issuer, shutdown, _place: place }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url)
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.shutdown.trigger();
    }
}

/// The code of the only error of an answer.
pub(crate) fn code(answer: &Value) -> &str {
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1), "{answer}");
    answer["errors"][0]["extensions"]["code"].as_str().unwrap()
}

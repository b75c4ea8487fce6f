use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use async_graphql::{Context, EmptyMutation, Object, Schema, Subscription as SubscriptionRoot};
use futures_util::{Stream, StreamExt as _, stream};
use sea_orm::{ConnectionTrait as _, Database as SeaDatabase};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use serde_json::Value;
use service::shutdown::Shutdown;
use subgraph::{
    Assembled, BootError, Database, DatabaseSettings, Error, Identity, Parts, Requires, Result, Scope, Subgraph,
    SubgraphSettings, boot,
    boot::Size,
    server::{self, Streams},
};
use testing::{TestDatabase, TestIssuer, graphql::Client};
use tokio::task::JoinHandle;

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
        subgraph::sdl::export(&Schema::new(Query, EmptyMutation, Subscription))
    }

    async fn assemble(parts: Parts<()>) -> Result<Assembled, BootError> {
        let schema = Schema::new(Query, EmptyMutation, Subscription);
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

struct Subscription;

#[SubscriptionRoot]
impl Subscription {
    async fn count(&self, to: i32) -> impl Stream<Item = i32> {
        stream::iter(1..=to)
    }

    /// One number, and then nothing for ever.
    async fn silence(&self) -> impl Stream<Item = i32> {
        stream::once(async { 0 }).chain(stream::pending())
    }

    /// One number, and then a fault.
    async fn fault(&self) -> impl Stream<Item = Result<i32>> {
        stream::iter([Ok(0), Err(Error::internal(std::io::Error::other("a secret")))])
    }

    #[graphql(guard = "Requires(Scope::User)")]
    async fn guarded(&self) -> impl Stream<Item = i32> {
        stream::pending()
    }
}

pub(crate) struct TestApp {
    pub(crate) url: String,
    pub(crate) issuer: TestIssuer,
    pub(crate) streams: Streams,
    task: Option<JoinHandle<()>>,
    shutdown: Shutdown,
    _place: TestDatabase,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    pub(crate) async fn with_credential(credential: &str) -> Self {
        Self::with(|settings| settings.gateway_credential = Some(credential.into())).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut SubgraphSettings<Sample>)) -> Self {
        let (place, issuer, shutdown) = (testing::database::sqlite(), TestIssuer::start().await, Shutdown::new());
        let mut settings = SubgraphSettings::<Sample> {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            database: DatabaseSettings { url: place.url.clone(), ..DatabaseSettings::default() },
            identity: issuer.settings(),
            ..SubgraphSettings::default()
        };
        change(&mut settings);
        let running = boot::start(settings, shutdown.clone()).await.unwrap();
        let url = format!("http://{}/graphql", running.address);
        Self { url, issuer, streams: running.streams, task: Some(running.task), shutdown, _place: place }
    }

    /// Asks the process to stop, and waits until it has.
    pub(crate) async fn stop(&mut self) {
        self.shutdown.trigger();
        self.task.take().unwrap().await.unwrap();
    }

    /// Ends once so many streams are open.
    pub(crate) async fn until_open(&self, streams: usize) {
        let look = async {
            while self.streams.open() != streams {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), look).await.unwrap();
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

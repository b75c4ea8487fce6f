//! A database of its own for each test.

use std::path::Path;

use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection};
use tempfile::TempDir;

use crate::postgres::{self, Server};

/// An empty database, gone when this is dropped.
pub struct TestDatabase {
    pub url: String,
    _place: Place,
}

enum Place {
    Folder { _folder: Option<TempDir> },
    Server { _database: ServerDatabase },
}

/// An SQLite file in a folder of its own.
pub fn sqlite() -> TestDatabase {
    let folder = tempfile::tempdir().unwrap();
    TestDatabase { url: file_in(folder.path()), _place: Place::Folder { _folder: Some(folder) } }
}

/// An SQLite file in a folder that somebody else removes.
pub fn sqlite_in(folder: &Path) -> TestDatabase {
    TestDatabase { url: file_in(folder), _place: Place::Folder { _folder: None } }
}

fn file_in(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("test.db").display())
}

/// A database on a PostgreSQL server, or `None`, said loudly, where there is none.
///
/// The server is the one of `MERCADO_TEST_POSTGRES_URL` (a superuser's URL that names no database), or one
/// that this process starts from binaries found on the machine and that ends with it. With
/// `MERCADO_REQUIRE_POSTGRES` set, a missing server fails the test.
pub async fn postgres() -> Option<TestDatabase> {
    let server = postgres::server();
    if server.is_none() {
        not_run(
            "MERCADO_REQUIRE_POSTGRES",
            "on PostgreSQL: no MERCADO_TEST_POSTGRES_URL, and no initdb and pg_ctl were found",
        );
    }
    Some(at(&server?).await)
}

/// A PostgreSQL server that only this test uses, or `None`, as for [`postgres`], where there are no binaries.
pub fn postgres_server() -> Option<Server> {
    let server = postgres::start(&["fsync=off"]);
    if server.is_none() {
        not_run("MERCADO_REQUIRE_POSTGRES", "with a PostgreSQL of its own: no initdb and pg_ctl were found");
    }
    server
}

impl Server {
    /// An empty database. Drop it before the server.
    pub async fn database(&self) -> TestDatabase {
        at(&self.url).await
    }
}

/// Says that a test has not run; where the variable is set, it fails instead.
pub fn not_run(required_by: &str, why: &str) {
    assert!(std::env::var_os(required_by).is_none(), "NOT RUN {why}");
    #[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
    {
        eprintln!("NOT RUN {why}");
    }
}

async fn at(server: &str) -> TestDatabase {
    let name = format!("mercado_test_{}", uuid::Uuid::now_v7().simple());
    let maintenance = format!("{server}/postgres");
    execute_at(&maintenance, &format!("CREATE DATABASE {name}")).await;
    let url = format!("{server}/{name}");
    TestDatabase { url, _place: Place::Server { _database: ServerDatabase { maintenance, name } } }
}

struct ServerDatabase {
    maintenance: String,
    name: String,
}

impl Drop for ServerDatabase {
    fn drop(&mut self) {
        let (maintenance, statement) = (self.maintenance.clone(), format!("DROP DATABASE {} WITH (FORCE)", self.name));
        // A runtime of its own: the test's may be the one that is being dropped.
        let dropping = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(execute_at(&maintenance, &statement));
        });
        dropping.join().ok();
    }
}

/// Runs SQL that no service would.
pub async fn execute(connection: &DatabaseConnection, sql: &str) {
    connection.execute_unprepared(sql).await.unwrap();
}

async fn execute_at(url: &str, statement: &str) {
    let connection = Database::connect(url).await.unwrap();
    connection.execute_unprepared(statement).await.unwrap();
    connection.close().await.unwrap();
}

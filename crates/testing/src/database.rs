//! A database of its own for each test.

use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection};
use tempfile::TempDir;

use crate::postgres;

/// An empty database, gone when this is dropped.
pub struct TestDatabase {
    pub url: String,
    _place: Place,
}

enum Place {
    Folder { _folder: TempDir },
    Server { _database: ServerDatabase },
}

/// An SQLite file in a folder of its own.
pub fn sqlite() -> TestDatabase {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    TestDatabase { url, _place: Place::Folder { _folder: folder } }
}

/// A database on a PostgreSQL server, or `None`, said loudly, where there is none.
///
/// The server is the one of `MERCADO_TEST_POSTGRES_URL` (a superuser's URL that names no database), or one
/// that this process starts from binaries found on the machine and that ends with it. With
/// `MERCADO_REQUIRE_POSTGRES` set, a missing server fails the test.
pub async fn postgres() -> Option<TestDatabase> {
    let Some(server) = postgres::server() else {
        let say = "NOT RUN on PostgreSQL: no MERCADO_TEST_POSTGRES_URL, and no initdb and pg_ctl were found";
        assert!(std::env::var_os("MERCADO_REQUIRE_POSTGRES").is_none(), "{say}");
        #[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
        {
            eprintln!("{say}");
        }
        return None;
    };
    let name = format!("mercado_test_{}", uuid::Uuid::now_v7().simple());
    let maintenance = format!("{server}/postgres");
    execute_at(&maintenance, &format!("CREATE DATABASE {name}")).await;
    let url = format!("{server}/{name}");
    Some(TestDatabase { url, _place: Place::Server { _database: ServerDatabase { maintenance, name } } })
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

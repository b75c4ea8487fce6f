//! Where the services of a market have their rows, and what the databases tell of it.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;
use sqlx::postgres::PgPool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use sqlx::{AssertSqlSafe, raw_sql};
use tempfile::TempDir;
use testing::postgres::{self, Server};

use super::market::SERVICES;
use crate::Outcome;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
pub(crate) enum Engine {
    #[serde(rename = "SQLite")]
    Sqlite,
    #[serde(rename = "PostgreSQL")]
    Postgresql,
}

impl Engine {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgresql => "PostgreSQL",
        }
    }
}

/// Empty databases, one for each service, gone with this.
pub(crate) enum Databases {
    Files(TempDir),
    Server { server: Server, maintenance: PgPool },
}

/// SQLite as the services open it: what is acknowledged survives a power cut, and who finds it locked waits.
pub(crate) fn sqlite(url: &str) -> Outcome<SqliteConnectOptions> {
    let options: SqliteConnectOptions = url.parse()?;
    Ok(options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true))
}

impl Databases {
    /// A PostgreSQL server is started with its own defaults, but for these settings.
    pub(crate) async fn open(engine: Engine, settings: &[&str]) -> Outcome<Self> {
        if engine == Engine::Sqlite {
            return Ok(Self::Files(tempfile::tempdir()?));
        }
        let server = postgres::start(settings).ok_or("no initdb and pg_ctl were found: install PostgreSQL")?;
        let maintenance = PgPool::connect(&format!("{}/postgres", server.url)).await?;
        for service in SERVICES {
            raw_sql(AssertSqlSafe(format!("CREATE DATABASE {service}"))).execute(&maintenance).await?;
        }
        Ok(Self::Server { server, maintenance })
    }

    pub(crate) fn engine(&self) -> Engine {
        match self {
            Self::Files(_) => Engine::Sqlite,
            Self::Server { .. } => Engine::Postgresql,
        }
    }

    pub(crate) fn url(&self, service: &str) -> String {
        match self {
            Self::Files(folder) => format!("sqlite://{}", folder.path().join(service).with_extension("db").display()),
            Self::Server { server, .. } => format!("{}/{service}", server.url),
        }
    }

    /// The server and a connection to none of the services' databases.
    pub(crate) fn server(&self) -> Option<(&Server, &PgPool)> {
        match self {
            Self::Files(_) => None,
            Self::Server { server, maintenance } => Some((server, maintenance)),
        }
    }

    /// What a commit waits for, as the database tells it of a connection that is opened as the services open theirs.
    pub(crate) async fn mode(&self) -> Outcome<String> {
        let (mode, folder) = match self {
            Self::Files(folder) => {
                let file = SqlitePool::connect_with(sqlite(&self.url("orders"))?).await?;
                let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&file).await?;
                let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&file).await?;
                let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&file).await?;
                file.close().await;
                let synchronous = usize::try_from(synchronous)?;
                let synchronous = ["OFF", "NORMAL", "FULL", "EXTRA"].get(synchronous).unwrap_or(&"unknown");
                let mode = format!("SQLite {version}, journal_mode {journal}, synchronous {synchronous}");
                (mode, folder.path().to_owned())
            }
            Self::Server { server, maintenance } => {
                let mut mode = "PostgreSQL".to_owned();
                for setting in ["server_version", "fsync", "synchronous_commit", "wal_sync_method"] {
                    let show = "SELECT current_setting($1)";
                    let value: String = sqlx::query_scalar(show).bind(setting).fetch_one(maintenance).await?;
                    match setting {
                        "server_version" => mode = format!("{mode} {value}"),
                        _ => mode = format!("{mode}, {setting} {value}"),
                    }
                }
                (mode, server.folder.clone())
            }
        };
        Ok(format!("{mode}, on {}", file_system(folder).await?))
    }
}

/// By its name, such as `ext2/ext3` or `tmpfs`: a commit to memory waits for nothing.
async fn file_system(folder: PathBuf) -> Outcome<String> {
    let output = tokio::process::Command::new("stat").args(["-f", "-c", "%T"]).arg(folder).output().await?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

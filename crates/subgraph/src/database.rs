//! A subgraph's own database: embedded SQLite or PostgreSQL, chosen by the URL.

mod transient;

use std::{
    fs::{self, OpenOptions},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{
    ConnectOptions, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
    sqlx::{
        Connection as _,
        sqlite::{SqliteJournalMode, SqliteSynchronous},
    },
};
use sea_orm_migration::MigratorTrait;
use serde::{Deserialize, Serialize};

pub(crate) use transient::is_transient;

use crate::feed::Feed;

/// How long a request waits for a connection before it is told to come back.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long SQLite waits for another process's write lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// PostgreSQL ends a statement that runs longer …
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
/// … or waits longer for another transaction's lock …
const LOCK_TIMEOUT: Duration = Duration::from_secs(3);
/// … and a transaction whose client has gone silent.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that lay unused for this long is tried before it is handed out.
const PING_AFTER: Duration = Duration::from_secs(5);

/// Where the rows are.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseSettings {
    /// `sqlite://PATH` (made when missing) or `postgres://USER:PASSWORD@HOST/DATABASE`.
    pub url: String,
    /// Connections for reading (SQLite) or for everything (PostgreSQL).
    pub max_connections: u32,
    /// How often those who wait for a change of a row look at it unasked, since nobody tells this process what another
    /// one has written.
    #[serde(with = "humantime_serde")]
    pub look_again: Duration,
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self { url: String::new(), max_connections: 10, look_again: Duration::from_secs(5) }
    }
}

/// Connections to one database. Cheap to clone.
///
/// SQLite has one writer at a time, so writes queue for a pool of one connection, in order, instead
/// of fighting over the lock; readers see the last committed state (WAL) and never wait for it.
#[derive(Clone, Debug)]
pub struct Database {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    statements: Arc<AtomicU64>,
    pub(crate) feed: Feed,
}

impl Database {
    pub async fn connect(settings: &DatabaseSettings) -> Result<Self, DbErr> {
        let feed = Feed::new(settings.look_again);
        let statements = Arc::new(AtomicU64::new(0));
        if let Some(path) = settings.url.strip_prefix("sqlite://") {
            create_file(path)?;
            let writer = open(sqlite(&settings.url, 1), &statements).await?;
            let reader = open(sqlite(&settings.url, settings.max_connections), &statements).await?;
            return Ok(Self { reader, writer, statements, feed });
        }
        let pool = open(postgres(settings), &statements).await?;
        Ok(Self { reader: pool.clone(), writer: pool, statements, feed })
    }

    /// For reads that need no transaction.
    pub fn read(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// For a single statement that writes.
    pub fn write(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// A transaction that will write: `BEGIN IMMEDIATE` on SQLite, so that it cannot find out at its
    /// first write that it has lost the lock; `READ COMMITTED` on PostgreSQL. Dropping it rolls back. Where rows are
    /// watched, it ends with [`commit`](Self::commit).
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.writer.begin_with_options(options).await
    }

    pub fn backend(&self) -> DatabaseBackend {
        self.writer.get_database_backend()
    }

    /// SQL statements sent since the start; without transaction control, and without what [`uncounted`] work sends.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    pub async fn migrate<M: MigratorTrait>(&self) -> Result<(), DbErr> {
        M::up(&self.writer, None).await
    }

    pub async fn ping(&self) -> Result<(), DbErr> {
        self.reader.ping().await
    }

    pub async fn close(self) -> Result<(), DbErr> {
        self.reader.close().await?;
        self.writer.close().await
    }
}

/// Makes the file before SQLite does, which would let every user of the machine read it. SQLite gives the files
/// beside it the same permissions.
fn create_file(path: &str) -> Result<(), DbErr> {
    let path = Path::new(path.split('?').next().unwrap_or(path));
    let failed = |error| DbErr::Custom(format!("cannot create {}: {error}", path.display()));
    if path.exists() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(failed)
}

fn sqlite(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections).map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: a transaction that was acknowledged survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
    });
    // A transaction that SQLite itself has rolled back, as on a full disk, cannot be rolled back again, and the driver takes
    // that for one that is still open: what was committed later on the connection would be lost when it is closed.
    options
        .map_sqlx_sqlite_before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }));
    options
}

fn postgres(settings: &DatabaseSettings) -> ConnectOptions {
    let mut options = ConnectOptions::new(&settings.url);
    options
        .max_connections(settings.max_connections)
        .statement_timeout(STATEMENT_TIMEOUT)
        // A ping before every statement would be a second round trip for each.
        .test_before_acquire_if_idle_for(PING_AFTER)
        .map_sqlx_postgres_opts(|postgres| {
            let milliseconds = [("lock_timeout", LOCK_TIMEOUT), ("idle_in_transaction_session_timeout", IDLE_TIMEOUT)];
            postgres.options(milliseconds.map(|(name, timeout)| (name, timeout.as_millis())))
        });
    options
}

async fn open(mut options: ConnectOptions, statements: &Arc<AtomicU64>) -> Result<DatabaseConnection, DbErr> {
    options.acquire_timeout(ACQUIRE_TIMEOUT).sqlx_logging(false);
    let mut connection = sea_orm::Database::connect(options).await?;
    let counter = statements.clone();
    connection.set_metric_callback(move |_| {
        let counts = UNCOUNTED.try_with(|()| ()).is_err();
        counter.fetch_add(u64::from(counts), Ordering::Relaxed);
    });
    Ok(connection)
}

tokio::task_local! {
    static UNCOUNTED: ();
}

/// Work that goes on beside requests, and would blur what these cost.
pub async fn uncounted<T>(work: impl Future<Output = T>) -> T {
    UNCOUNTED.scope((), work).await
}

//! The databases without our code: the transactions of a purchase through a plain driver, on as many connections as the
//! services have.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::query::Query;
use sqlx::{
    Column as _, ColumnIndex, Database, Decode, Encode, Executor, IntoArguments, Pool, Postgres, Row as _, Sqlite, Type,
};
use uuid::Uuid;

use super::databases::{Databases, Engine, sqlite};
use super::script::{Argument, Deed, Place, Script, Statement, Work, purchase};
use crate::Outcome;

/// What a service has by default; of SQLite for reading, beside one that writes.
const CONNECTIONS: u32 = 10;
/// Here nobody is turned away: the market's clients wait for their answers, too.
const PATIENCE: Duration = Duration::from_secs(600);

const SET_STOCK: &str = "UPDATE stock SET on_hand = :units, reserved = 0 WHERE product_id = :product";

/// Databases that a market has left. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Bare {
    script: Arc<Script>,
    pools: Pools,
}

#[derive(Clone)]
enum Pools {
    Postgresql { orders: Connections<Postgres>, inventory: Connections<Postgres> },
    Sqlite { orders: Connections<Sqlite>, inventory: Connections<Sqlite> },
}

struct Connections<DB: Database> {
    reader: Pool<DB>,
    writer: Pool<DB>,
    begin: &'static str,
}

impl<DB: Database> Clone for Connections<DB> {
    fn clone(&self) -> Self {
        Self { reader: self.reader.clone(), writer: self.writer.clone(), begin: self.begin }
    }
}

/// What names stand for. A statement that reads gives a name to each number and each id of its row.
pub(crate) type Values = HashMap<String, Value>;

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Id(Uuid),
    Number(i64),
    Text(String),
}

impl Bare {
    pub(crate) async fn connect(databases: &Databases) -> Outcome<Self> {
        let is_postgresql = databases.engine() == Engine::Postgresql;
        let (orders, inventory) = (databases.url("orders"), databases.url("inventory"));
        let pools = if is_postgresql {
            Pools::Postgresql { orders: postgresql(&orders).await?, inventory: postgresql(&inventory).await? }
        } else {
            Pools::Sqlite { orders: files(&orders).await?, inventory: files(&inventory).await? }
        };
        Ok(Self { script: Arc::new(purchase(is_postgresql)?), pools })
    }

    /// What a purchase of the product begins with. The customer is new each time, which no statement minds.
    pub(crate) fn purchase(&self, product: Uuid) -> Values {
        let customer = Uuid::now_v7();
        let values = [
            ("product", Value::Id(product)),
            ("customer", Value::Id(customer)),
            ("customer_lock", Value::Number(lock_of(customer))),
            ("key", Value::Text(customer.to_string())),
        ];
        values.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// Sends all statements of a deed, one after another.
    pub(crate) async fn run(&self, deed: Deed, values: &mut Values) -> Outcome {
        // Those of the last deed are not new any more.
        values.retain(|name, _| !name.starts_with("id"));
        for work in self.script.get(&deed).into_iter().flatten() {
            match (&self.pools, work.place) {
                (Pools::Postgresql { orders, .. }, Place::Orders) => orders.run(work, values).await?,
                (Pools::Postgresql { inventory, .. }, Place::Inventory) => inventory.run(work, values).await?,
                (Pools::Sqlite { orders, .. }, Place::Orders) => orders.run(work, values).await?,
                (Pools::Sqlite { inventory, .. }, Place::Inventory) => inventory.run(work, values).await?,
            }
        }
        Ok(())
    }

    /// From now on there are so many units of the product.
    pub(crate) async fn set_stock(&self, product: Uuid, units: u64) -> Outcome {
        let statements = vec![Statement::parse(SET_STOCK, true)];
        let work = Work { place: Place::Inventory, is_transaction: false, statements };
        let mut values = self.purchase(product);
        values.insert("units".to_owned(), Value::Number(units.cast_signed()));
        match &self.pools {
            Pools::Postgresql { inventory, .. } => inventory.run(&work, &mut values).await,
            Pools::Sqlite { inventory, .. } => inventory.run(&work, &mut values).await,
        }
    }
}

/// The number by which a customer is locked, as inventory makes it.
pub(crate) fn lock_of(customer: Uuid) -> i64 {
    customer.as_u64_pair().1.cast_signed()
}

fn pool<DB: Database>(connections: u32) -> PoolOptions<DB> {
    // Nor do the services ask a connection that is in use whether it is there.
    PoolOptions::new().max_connections(connections).acquire_timeout(PATIENCE).test_before_acquire(false)
}

async fn postgresql(url: &str) -> Outcome<Connections<Postgres>> {
    let options: PgConnectOptions = url.parse()?;
    let all = pool(CONNECTIONS).connect_with(options).await?;
    Ok(Connections { reader: all.clone(), writer: all, begin: "BEGIN" })
}

async fn files(url: &str) -> Outcome<Connections<Sqlite>> {
    let writer = pool(1).connect_with(sqlite(url)?).await?;
    let reader = pool(CONNECTIONS).connect_with(sqlite(url)?).await?;
    Ok(Connections { reader, writer, begin: "BEGIN IMMEDIATE" })
}

impl<DB> Connections<DB>
where
    DB: Database,
    DB::Arguments: IntoArguments<DB>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    for<'r> &'r str: ColumnIndex<DB::Row>,
    for<'v> Uuid: Encode<'v, DB> + Decode<'v, DB> + Type<DB>,
    for<'v> i64: Encode<'v, DB> + Decode<'v, DB> + Type<DB>,
    for<'v> String: Encode<'v, DB> + Type<DB>,
    for<'v> DateTime<Utc>: Encode<'v, DB> + Type<DB>,
{
    async fn run(&self, work: &Work, values: &mut Values) -> Outcome {
        if work.is_transaction {
            let mut transaction = self.writer.begin_with(self.begin).await?;
            for statement in &work.statements {
                Self::send(&mut transaction, statement, values).await?;
            }
            return Ok(transaction.commit().await?);
        }
        for statement in &work.statements {
            let pool = if statement.is_read() { &self.reader } else { &self.writer };
            Self::send(&mut *pool.acquire().await?, statement, values).await?;
        }
        Ok(())
    }

    async fn send(connection: &mut DB::Connection, statement: &Statement, values: &mut Values) -> Outcome {
        let mut query: Query<'_, DB, DB::Arguments> = sqlx::query(statement.sql.clone());
        for argument in &statement.arguments {
            let name = match argument {
                Argument::Named(name) => name,
                Argument::Id(id) => {
                    query = query.bind(*id);
                    continue;
                }
            };
            if name == "now" {
                query = query.bind(Utc::now());
                continue;
            }
            // What nobody has named yet is an id that this statement brings into the world.
            query = match values.entry(name.clone()).or_insert_with(|| Value::Id(Uuid::now_v7())) {
                Value::Id(id) => query.bind(*id),
                Value::Number(number) => query.bind(*number),
                Value::Text(text) => query.bind(text.clone()),
            };
        }
        if !statement.answers {
            query.execute(connection).await?;
            return Ok(());
        }
        if let Some(row) = query.fetch_all(connection).await?.first() {
            for column in row.columns() {
                let name = column.name();
                if let Ok(number) = row.try_get::<i64, _>(name) {
                    values.insert(name.to_owned(), Value::Number(number));
                } else if let Ok(id) = row.try_get::<Uuid, _>(name) {
                    values.insert(name.to_owned(), Value::Id(id));
                }
            }
        }
        Ok(())
    }
}

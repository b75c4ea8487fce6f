//! The transactional outbox: an event is written in the transaction of what it tells of, and leaves the database
//! afterwards, at least once and in order for each key.
//!
//! A subgraph that has events lists [`Migration`] among its own and sets [`PUBLISHES`](crate::Subgraph::PUBLISHES);
//! [`put`] is all that its domain code needs. The events go to NATS JetStream where one is configured, and to those
//! who watch rows in this process where none is. An event is a CloudEvent 1.0 in JSON.

mod broker;
mod lease;
mod migration;
mod nats;
mod relay;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ConnectionTrait, QueryOrder as _, QuerySelect as _,
    entity::prelude::*,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::time;

pub use migration::Migration;

pub(crate) use broker::Broker;
pub(crate) use relay::Relay;

/// Where events go.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventSettings {
    /// A NATS server with JetStream, such as `nats://127.0.0.1:4222`, or several, with commas between; `tls://` asks
    /// for TLS. Without one, events stay in this process.
    pub nats_url: Option<String>,
    /// The file with this service's credentials (`.creds`), where the server asks for some.
    pub nats_credentials: Option<PathBuf>,
}

/// Something that happened, for whoever wants to know.
#[derive(Clone, Debug)]
pub struct Event {
    /// What happened, one word of a subject: with the service's name before it and the key after it, as in
    /// `mercado.orders.updated.KEY`.
    pub kind: &'static str,
    /// What it happened to. Events of one key leave in the order in which they were put, so a transaction that puts one
    /// holds the lock on the key's row by then.
    pub key: Uuid,
    /// An object. A `version` in it lets a consumer tell which of two events is the newer one.
    pub data: Value,
}

/// Writes events that leave once the transaction is committed. It is to end with
/// [`Database::commit`](crate::Database::commit), which wakes who sends them.
///
/// # Errors
/// Those of the database.
pub async fn put(tx: &impl ConnectionTrait, events: impl IntoIterator<Item = Event>) -> Result<(), DbErr> {
    let at = time::now();
    let rows = events.into_iter().map(|event| ActiveModel {
        position: NotSet,
        id: Set(Uuid::now_v7()),
        kind: Set(event.kind.to_owned()),
        key: Set(event.key),
        data: Set(event.data),
        at: Set(at),
    });
    Entity::insert_many(rows).exec_without_returning(tx).await.map(drop)
}

/// An event that has not left yet.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub(crate) struct Model {
    /// Of two events of one key, the later one has the greater position.
    #[sea_orm(primary_key)]
    position: i64,
    id: Uuid,
    kind: String,
    key: Uuid,
    data: Json,
    at: DateTime<Utc>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    fn subject(&self, service: &str) -> String {
        format!("mercado.{service}.{}.{}", self.kind, self.key)
    }

    fn cloud_event(&self, service: &str) -> Value {
        json!({
            "specversion": "1.0",
            "id": self.id,
            "source": format!("/mercado/{service}"),
            "type": format!("mercado.{service}.{}", self.kind),
            "subject": self.key,
            "time": self.at,
            "datacontenttype": "application/json",
            "data": self.data,
        })
    }
}

async fn oldest(connection: &impl ConnectionTrait, limit: usize) -> Result<Vec<Model>, DbErr> {
    Entity::find().order_by_asc(COLUMN.position).limit(limit as u64).all(connection).await
}

async fn forget(connection: &impl ConnectionTrait, positions: Vec<i64>) -> Result<(), DbErr> {
    Entity::delete_many().filter(COLUMN.position.is_in(positions)).exec(connection).await.map(drop)
}

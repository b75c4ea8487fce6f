use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};
use uuid::Uuid;

use super::{EventSettings, Model, nats::Nats};
use crate::{Database, feed::Feed};

/// Keys whose events are under way to the broker at a time.
const KEYS_AT_ONCE: usize = 64;

/// Who takes the events.
pub(crate) enum Broker {
    /// Those who watch rows in this process.
    InProcess,
    /// JetStream, which stores them, and tells every replica.
    Nats(Box<Nats>),
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum BrokerError {
    #[error("NATS cannot be used")]
    Connect(#[from] async_nats::ConnectError),
    #[error("the credentials of NATS cannot be read")]
    Credentials(#[from] std::io::Error),
    #[error("the stream cannot be made")]
    Stream(#[from] async_nats::jetstream::context::CreateStreamError),
    #[error("the event was not stored")]
    Publish(#[from] async_nats::jetstream::context::PublishError),
}

/// What came of a batch.
pub(super) struct Sent {
    pub(super) positions: Vec<i64>,
    pub(super) error: Option<BrokerError>,
}

impl Broker {
    /// A server that is away is waited for, and sought again and again.
    pub(crate) async fn open(service: &str, settings: &EventSettings) -> Result<Self, BrokerError> {
        match &settings.nats_url {
            None => Ok(Self::InProcess),
            Some(url) => {
                Ok(Self::Nats(Box::new(Nats::open(service, url, settings.nats_credentials.as_deref()).await?)))
            }
        }
    }

    /// Sends the events of each key one after another, and those of different keys at once. Behind one that fails, its
    /// key's later ones are not sent.
    pub(super) async fn send(&self, service: &str, feed: &Feed, events: &[Model]) -> Sent {
        let nats = match self {
            Self::InProcess => {
                feed.tell(events.iter().map(|event| event.key));
                return Sent { positions: events.iter().map(|event| event.position).collect(), error: None };
            }
            Self::Nats(nats) => nats,
        };
        if let Err(error) = nats.prepare().await {
            return Sent { positions: Vec::new(), error: Some(error) };
        }
        let mut keys: BTreeMap<Uuid, Vec<&Model>> = BTreeMap::new();
        for event in events {
            keys.entry(event.key).or_default().push(event);
        }
        let sending: Vec<_> = keys.into_values().map(|events| in_order(nats, service, events)).collect();
        let sent: Vec<Sent> = stream::iter(sending).buffer_unordered(KEYS_AT_ONCE).collect().await;
        sent.into_iter().fold(Sent { positions: Vec::new(), error: None }, |mut all, one| {
            all.positions.extend(one.positions);
            all.error = all.error.or(one.error);
            all
        })
    }

    /// Tells those who watch in this process what other replicas have sent. Never ends.
    pub(super) async fn listen(&self, service: &str, database: &Database) {
        match self {
            Self::InProcess => std::future::pending().await,
            Self::Nats(nats) => nats.listen(service, &database.feed).await,
        }
    }
}

async fn in_order(nats: &Nats, service: &str, events: Vec<&Model>) -> Sent {
    let mut sent = Sent { positions: Vec::new(), error: None };
    for event in events {
        match nats.publish(event.subject(service), event.id, &event.cloud_event(service)).await {
            Ok(()) => sent.positions.push(event.position),
            Err(error) => {
                sent.error = Some(error);
                break;
            }
        }
    }
    sent
}

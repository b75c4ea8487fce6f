use std::{path::Path, time::Duration};

use async_nats::{
    Client, ConnectOptions,
    header::{HeaderMap, NATS_MESSAGE_ID},
    jetstream::{self, Context, stream::Config},
};
use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::{sync::OnceCell, time::sleep};
use uuid::Uuid;

use super::broker::BrokerError;
use crate::feed::Feed;

/// One stream for the whole market; the services are told apart by the second word of a subject.
const STREAM: &str = "MERCADO";
const SUBJECTS: &str = "mercado.>";
/// How long the stream keeps an event for consumers that are away.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Within this time the stream drops an event that is sent twice.
const DUPLICATES: Duration = Duration::from_secs(10 * 60);
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(5);
const LISTEN_AGAIN: Duration = Duration::from_secs(1);

/// A connection to NATS, which mends itself.
pub(crate) struct Nats {
    client: Client,
    jetstream: Context,
    prepared: OnceCell<()>,
}

impl Nats {
    pub(super) async fn open(service: &str, url: &str, credentials: Option<&Path>) -> Result<Self, BrokerError> {
        let options = ConnectOptions::new().name(service).retry_on_initial_connect();
        let options = match credentials {
            Some(file) => options.credentials_file(file).await?,
            None => options,
        };
        let servers = url.split(',').map(str::trim).collect::<Vec<_>>();
        let client = options.connect(servers).await?;
        let mut jetstream = jetstream::new(client.clone());
        jetstream.set_timeout(ACKNOWLEDGED_WITHIN);
        Ok(Self { client, jetstream, prepared: OnceCell::new() })
    }

    /// Makes the stream unless there is one; one that an operator has made with other settings is left as it is.
    pub(super) async fn prepare(&self) -> Result<(), BrokerError> {
        let config = || Config {
            name: STREAM.to_owned(),
            subjects: vec![SUBJECTS.to_owned()],
            max_age: KEPT,
            duplicate_window: DUPLICATES,
            ..Config::default()
        };
        self.prepared
            .get_or_try_init(|| async { self.jetstream.get_or_create_stream(config()).await.map(drop) })
            .await?;
        Ok(())
    }

    /// Ends once the stream has stored the event.
    pub(super) async fn publish(&self, subject: String, id: Uuid, event: &Value) -> Result<(), BrokerError> {
        let mut headers = HeaderMap::new();
        headers.insert(NATS_MESSAGE_ID, id.to_string());
        headers.insert("Content-Type", "application/cloudevents+json");
        let payload = event.to_string().into();
        self.jetstream.publish_with_headers(subject, headers, payload).await?.await?;
        Ok(())
    }

    pub(super) async fn listen(&self, service: &str, feed: &Feed) {
        loop {
            match self.client.subscribe(format!("mercado.{service}.>")).await {
                Ok(mut messages) => {
                    while let Some(message) = messages.next().await {
                        feed.tell(message.subject.rsplit('.').next().and_then(|key| Uuid::try_parse(key).ok()));
                    }
                }
                Err(error) => tracing::warn!(%error, "nobody tells what other replicas have sent"),
            }
            sleep(LISTEN_AGAIN).await;
        }
    }
}

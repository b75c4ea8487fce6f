//! What a client allows itself, and the service that it calls.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::breaker::BreakerSettings;

/// Settings of one [`Client`](crate::Client). Durations are written like `3s` or `250ms`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientSettings {
    /// Further addresses at which the same service answers: replicas, among which the calls are spread. They
    /// belong to one service, and not into settings that several share.
    pub urls: Vec<String>,
    /// Over queueing, connecting, headers and body, retries included. What is left of the caller's deadline counts
    /// where it is less.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// The longest silence on an event stream, to which a heartbeat puts an end: then the service counts as gone.
    #[serde(with = "humantime_serde")]
    pub event_timeout: Duration,
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// Less than the ten seconds after which our own servers close an idle connection: a request sent on one that is
    /// just being closed is lost, and a mutation is not sent again.
    #[serde(with = "humantime_serde")]
    pub pool_idle_timeout: Duration,
    pub pool_max_idle: usize,
    /// Calls that may be under way at once.
    pub max_in_flight: usize,
    /// Whether fewer may be while the service takes longer than usual because there are many.
    pub adaptive_limit: bool,
    /// Calls that may wait for one of those places; more are shed.
    pub max_queued: usize,
    /// Of an answer, and of one event of a stream.
    pub max_response_bytes: usize,
    /// Retries of one query; mutations are never retried.
    pub max_retries: u32,
    /// Retries as a share of the calls made, over time.
    pub retry_ratio: f64,
    /// Queries sent to a second replica because the first takes unusually long, as a share of the calls made, over
    /// time. They count as retries too. Mutations are never sent twice.
    pub hedge_ratio: f64,
    pub breaker: BreakerSettings,
}

impl ClientSettings {
    /// How long the service must have had before it is its failure that it did not answer: what would have been slow if
    /// it had. A client whose timeout is less than that must find out as well.
    pub(crate) fn patience(&self) -> Duration {
        self.breaker.slow_after.min(self.timeout / 2)
    }
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            timeout: Duration::from_secs(3),
            event_timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(1),
            pool_idle_timeout: Duration::from_secs(5),
            pool_max_idle: 64,
            max_in_flight: 256,
            adaptive_limit: true,
            max_queued: 512,
            max_response_bytes: 10 * 1024 * 1024,
            max_retries: 2,
            retry_ratio: 0.1,
            hedge_ratio: 0.03,
            breaker: BreakerSettings::default(),
        }
    }
}

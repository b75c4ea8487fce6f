//! What only this subgraph can be told.

use std::time::Duration;

use client::ClientSettings;
use serde::{Deserialize, Serialize};
use service::token::ClientCredentialsSettings;

/// Under `service:` in the settings. Durations are written like `5s` or `7days`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where the subgraph `products` answers.
    pub products_url: String,
    pub products: ClientSettings,
    /// Who inventory is when it asks other services.
    pub principal: ClientCredentialsSettings,
    /// Units that reservations may hold for one customer at a time; what would go beyond is rejected. The default is what
    /// the largest order may ask for (100 lines of 1,000), which alone is never rejected for it. It guards against a
    /// customer who has units held and never buys them, so a shop whose customers buy less should say so here.
    pub max_held_per_customer: u32,
    /// How often overdue reservations are looked for. What is held for an order that nobody finished is held up to
    /// this long after its time.
    #[serde(with = "humantime_serde")]
    pub sweep_interval: Duration,
    /// How long the answers of idempotency keys are kept; a day at least.
    #[serde(with = "humantime_serde")]
    pub idempotency_retention: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            products_url: "http://127.0.0.1:8001/graphql".to_owned(),
            products: ClientSettings::default(),
            principal: ClientCredentialsSettings {
                client_id: "inventory".to_owned(),
                ..ClientCredentialsSettings::default()
            },
            max_held_per_customer: 100_000,
            sweep_interval: Duration::from_secs(5),
            idempotency_retention: Duration::from_secs(7 * 24 * 60 * 60),
        }
    }
}

use std::time::Duration;

use client::ClientSettings;
use serde::{Deserialize, Serialize};
use service::token::ClientCredentialsSettings;

/// What only the orders service can be told. Durations are written like `3s`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The GraphQL address of the products service.
    pub products_url: String,
    /// The GraphQL address of the inventory service.
    pub inventory_url: String,
    /// Who this service is to them.
    pub principal: ClientCredentialsSettings,
    /// How calls to both are made.
    pub client: ClientSettings,
    /// How long `placeOrder` and `cancelOrder` wait for the order to settle.
    #[serde(with = "humantime_serde")]
    pub answer_within: Duration,
    /// How long after its completion an order may be cancelled.
    #[serde(with = "humantime_serde")]
    pub return_window: Duration,
    /// How long inventory holds stock for an order that it hears nothing more of. Longer than an order may stay
    /// undecided, since this is only for orders whose rows are lost.
    #[serde(with = "humantime_serde")]
    pub reservation_ttl: Duration,
    /// How often the recovery worker looks for orders that nobody sees to.
    #[serde(with = "humantime_serde")]
    pub recovery_period: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            products_url: "http://127.0.0.1:8001/graphql".to_owned(),
            inventory_url: "http://127.0.0.1:8002/graphql".to_owned(),
            principal: ClientCredentialsSettings {
                client_id: "orders".to_owned(),
                ..ClientCredentialsSettings::default()
            },
            client: ClientSettings::default(),
            answer_within: Duration::from_secs(3),
            return_window: Duration::from_secs(30 * 24 * 60 * 60),
            reservation_ttl: Duration::from_secs(15 * 60),
            recovery_period: Duration::from_millis(500),
        }
    }
}

//! What inventory asks the subgraph `products`.

use client::{Client, Deadline, OperationKind};
use serde::Deserialize;
use serde_json::json;
use service::token::ClientCredentials;
use subgraph::{BootError, Peer, Result};
use uuid::Uuid;

use crate::settings::Settings;

const PRODUCTS: &str = "query StockedProducts($ids: [ID!]!) { productsByIds(ids: $ids) { id } }";

/// The catalogue, asked in the name of this service.
pub(crate) struct Products(Peer);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    products_by_ids: Vec<Option<Found>>,
}

#[derive(Deserialize)]
struct Found {
    id: Uuid,
}

impl Products {
    pub(crate) fn new(settings: &Settings) -> Result<Self, BootError> {
        let setting = |key: &str, error: &dyn std::error::Error| BootError::Setting(format!("{key}: {error}"));
        let client = Client::new("products", &settings.products_url, settings.products.clone())
            .map_err(|error| setting("service.products_url", &error))?;
        let principal =
            ClientCredentials::new(settings.principal.clone()).map_err(|error| setting("service.principal", &error))?;
        Ok(Self(Peer::new(client, principal)))
    }

    /// Whether the catalogue has this product, archived ones included.
    ///
    /// # Errors
    /// `Unavailable` or `DeadlineExceeded` when that could not be found out.
    pub(crate) async fn exists(&self, product: Uuid, deadline: Deadline) -> Result<bool> {
        let variables = json!({ "ids": [product] });
        let answer: Answer = self.0.execute(OperationKind::Query, PRODUCTS, variables, deadline).await?;
        Ok(answer.products_by_ids.into_iter().flatten().any(|found| found.id == product))
    }
}

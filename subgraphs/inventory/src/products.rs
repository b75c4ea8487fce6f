//! What inventory asks the subgraph `products`.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use client::{Client, Deadline, OperationKind};
use serde::Deserialize;
use serde_json::json;
use service::token::ClientCredentials;
use subgraph::{BootError, Error, Result};
use uuid::Uuid;

use crate::settings::Settings;

const PRODUCTS: &str = "query StockedProducts($ids: [ID!]!) { productsByIds(ids: $ids) { id } }";

/// The catalogue, asked in the name of this service.
pub(crate) struct Products {
    client: Client,
    principal: ClientCredentials,
}

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
        Ok(Self {
            client: Client::new("products", &settings.products_url, settings.products.clone())
                .map_err(|error| setting("service.products_url", &error))?,
            principal: ClientCredentials::new(settings.principal.clone())
                .map_err(|error| setting("service.principal", &error))?,
        })
    }

    /// Whether the catalogue has this product, archived ones included.
    ///
    /// # Errors
    /// `Unavailable` or `DeadlineExceeded` when that could not be found out.
    pub(crate) async fn exists(&self, product: Uuid, deadline: Deadline) -> Result<bool> {
        let token = self.principal.bearer(deadline).await.map_err(|error| {
            tracing::warn!(%error, "no token to ask products with");
            Error::Unavailable
        })?;
        let headers = HeaderMap::from_iter([(AUTHORIZATION, token.clone())]);
        let variables = json!({ "ids": [product] });
        let answer: Result<Answer, _> =
            self.client.execute(OperationKind::Query, PRODUCTS, variables, headers, deadline).await;
        let answer = answer.inspect_err(|error| self.principal.heed(error.code(), &token))?;
        Ok(answer.products_by_ids.into_iter().flatten().any(|found| found.id == product))
    }
}

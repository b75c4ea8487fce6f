//! What the catalogue offers right now: the products service's answer to "which, and for how much".

use std::collections::HashMap;

use client::{Client, ClientError, Deadline, Lookup, OperationKind};
use serde::Deserialize;
use serde_json::json;
use service::token::ClientCredentials;
use subgraph::{Currency, Error, Money};
use uuid::Uuid;

use super::bearing;

const OFFERS: &str = "query Offers($ids: [ID!]!) { productsByIds(ids: $ids) \
    { id sku name price { amount currencyCode } archivedAt } }";

/// A product as it can be bought now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub sku: String,
    pub name: String,
    pub price: Money,
    pub archived: bool,
}

/// The products service.
#[derive(Clone, Debug)]
pub struct Catalogue {
    client: Client,
    credentials: ClientCredentials,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    products_by_ids: Vec<Option<Row>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    id: Uuid,
    sku: String,
    name: String,
    price: Price,
    archived_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Price {
    amount: String,
    currency_code: String,
}

impl Catalogue {
    pub fn new(client: Client, credentials: ClientCredentials) -> Self {
        Self { client, credentials }
    }

    /// A look-up for one request: offers asked for together cost one call.
    pub async fn look_up(&self, deadline: Deadline) -> Result<Lookup<Uuid, Offer>, Error> {
        let token = self.credentials.bearer(deadline).await.map_err(|error| {
            tracing::warn!(%error, "no token for products");
            Error::Unavailable
        })?;
        let catalogue = self.clone();
        Ok(Lookup::new(move |ids| {
            let (Self { client, credentials }, token) = (catalogue.clone(), token.clone());
            async move {
                let (variables, headers) = (json!({ "ids": ids }), bearing(token.clone()));
                let data = client.execute(OperationKind::Query, OFFERS, variables, headers, deadline).await;
                data.map(offers).inspect_err(|error: &ClientError| credentials.heed(error.code(), &token))
            }
        }))
    }
}

fn offers(data: Data) -> HashMap<Uuid, Offer> {
    let rows = data.products_by_ids.into_iter().flatten();
    rows.filter_map(|row| Some((row.id, offer(row)?))).collect()
}

/// `None` for a price that this service cannot count in: such a product cannot be sold.
fn offer(row: Row) -> Option<Offer> {
    let currency = Currency::from_code(&row.price.currency_code)?;
    let price = Money::from_decimal(&row.price.amount, currency).filter(|price| price.minor >= 0)?;
    Some(Offer { sku: row.sku, name: row.name, price, archived: row.archived_at.is_some() })
}

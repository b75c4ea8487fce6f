//! What the catalogue offers right now: the products service's answer to "which, and for how much".

use std::collections::HashMap;

use client::{Deadline, Lookup, OperationKind};
use serde::Deserialize;
use serde_json::json;
use subgraph::{Currency, Money, Peer, peer::CallError};
use uuid::Uuid;

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
pub struct Catalogue(Peer);

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
    pub fn new(peer: Peer) -> Self {
        Self(peer)
    }

    /// A look-up for one request: offers asked for together cost one call.
    pub fn look_up(&self, deadline: Deadline) -> Lookup<Uuid, Offer, CallError> {
        let peer = self.0.clone();
        Lookup::new(move |ids| {
            let peer = peer.clone();
            async move {
                let variables = json!({ "ids": ids });
                peer.execute(OperationKind::Query, OFFERS, variables, deadline).await.map(offers)
            }
        })
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

//! Customers who write down what they were told.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::{Value, json};
use testing::graphql::Client;
use tokio::time::sleep;

use crate::market::PASSWORD;

const PLACE: &str = "mutation($input: PlaceOrderInput!) {
    placeOrder(input: $input) { order { id status } errors { __typename ... on UserError { code } } }
}";
const CANCEL: &str = "mutation($input: CancelOrderInput!) { cancelOrder(input: $input) { order { id status } } }";

/// What one customer knows of one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) order: String,
    /// It was once told to be completed.
    pub(crate) completed: bool,
    pub(crate) cancel_asked: bool,
}

/// By idempotency key.
pub(crate) type Ledger = HashMap<String, Entry>;

pub(crate) struct Customer {
    client: Client,
    visitor: Client,
    products: Vec<String>,
    dice: StdRng,
    name: usize,
}

impl Customer {
    pub(crate) async fn new(visitor: &Client, name: usize) -> Self {
        let browse = "{ products(first: 100, sort: NAME_ASC) { nodes { id } } }";
        let data = visitor.data(browse, json!({})).await;
        let nodes = data["products"]["nodes"].as_array().unwrap();
        let products = nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect();
        let client = sign_in(visitor).await.unwrap();
        let dice = StdRng::seed_from_u64(name as u64);
        Self { client, visitor: visitor.clone(), products, dice, name }
    }

    /// Buys until `left` is used up, and asks for some of it to be cancelled. An answer that does not come is asked for
    /// again, with the same key.
    pub(crate) async fn buy(mut self, left: &AtomicUsize) -> Ledger {
        let mut ledger = Ledger::new();
        while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
            let key = format!("{}-{}", self.name, ledger.len());
            let lines: Vec<Value> = self
                .products
                .sample(&mut self.dice, 2)
                .map(|product| json!({ "productId": product, "quantity": 1 }))
                .collect();
            let input = json!({ "input": { "idempotencyKey": key, "lines": lines } });
            let order = self.until_told(PLACE, &input, "placeOrder").await;
            let mut entry = Entry {
                order: order["id"].as_str().unwrap().to_owned(),
                completed: order["status"] == "COMPLETED",
                cancel_asked: false,
            };
            if self.dice.random_ratio(1, 10) {
                let input = json!({ "input": { "orderId": entry.order, "reason": "changed my mind" } });
                entry.cancel_asked = true;
                self.until_told(CANCEL, &input, "cancelOrder").await;
            }
            ledger.insert(key, entry);
        }
        ledger
    }

    async fn until_told(&mut self, operation: &str, input: &Value, field: &str) -> Value {
        loop {
            let answer = self.client.try_run(operation, input.clone()).await;
            if let Some(order) = answer.as_ref().and_then(|answer| answer["data"][field]["order"].as_object()) {
                return Value::Object(order.clone());
            }
            let code = answer.as_ref().map(|answer| &answer["errors"][0]["extensions"]["code"]);
            if code.is_some_and(|code| code == "UNAUTHENTICATED")
                && let Some(client) = sign_in(&self.visitor).await
            {
                self.client = client;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// `None` when `auth` cannot be reached.
async fn sign_in(visitor: &Client) -> Option<Client> {
    let login = "mutation($input: LoginInput!) { login(input: $input) { accessToken } }";
    let input = json!({ "input": { "email": "shopper@mercado.test", "password": PASSWORD } });
    let answer = visitor.try_run(login, input).await?;
    answer["data"]["login"]["accessToken"].as_str().map(|token| visitor.token(token))
}

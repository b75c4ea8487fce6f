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
const SET_STOCK: &str = "mutation($input: SetStockInput!) { setStock(input: $input) { stock { onHand } } }";
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

/// Somebody with an account, who asks again until there is an answer.
#[derive(Clone)]
pub(crate) struct Person {
    client: Client,
    visitor: Client,
    account: &'static str,
}

impl Person {
    /// `shopper` or `staff`.
    pub(crate) async fn sign_in(visitor: &Client, account: &'static str) -> Self {
        Self { client: sign_in(visitor, account).await.unwrap(), visitor: visitor.clone(), account }
    }

    /// The order of the answer to `placeOrder` with this key, however often it has to be sent.
    pub(crate) async fn place(&mut self, key: &str, products: &[&String]) -> Value {
        self.until_told(PLACE, &wanted(key, products), &["placeOrder", "order"]).await
    }

    /// The same, asked once; `None` where no order is told of.
    pub(crate) async fn try_place(&self, key: &str, products: &[&String]) -> Option<Value> {
        let mut answer = self.client.try_run(PLACE, wanted(key, products)).await?;
        Some(answer["data"]["placeOrder"]["order"].take()).filter(Value::is_object)
    }

    pub(crate) async fn cancel(&mut self, order: &str) {
        let input = json!({ "input": { "orderId": order, "reason": "changed my mind" } });
        self.until_told(CANCEL, &input, &["cancelOrder", "order"]).await;
    }

    pub(crate) async fn set_stock(&mut self, product: &str, units: usize) {
        let input = json!({ "productId": product, "onHand": units, "reason": "counted", "idempotencyKey": "once" });
        self.until_told(SET_STOCK, &json!({ "input": input }), &["setStock", "stock"]).await;
    }

    async fn until_told(&mut self, operation: &str, input: &Value, path: &[&str]) -> Value {
        loop {
            let answer = self.client.try_run(operation, input.clone()).await.unwrap_or_default();
            let told = path.iter().fold(&answer["data"], |value, key| &value[key]);
            if told.is_object() {
                return told.clone();
            }
            if answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
                && let Some(client) = sign_in(&self.visitor, self.account).await
            {
                self.client = client;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// One of each product.
fn wanted(key: &str, products: &[&String]) -> Value {
    let lines: Vec<Value> = products.iter().map(|product| json!({ "productId": product, "quantity": 1 })).collect();
    json!({ "input": { "idempotencyKey": key, "lines": lines } })
}

/// `None` when `auth` cannot be reached.
async fn sign_in(visitor: &Client, account: &str) -> Option<Client> {
    let login = "mutation($input: LoginInput!) { login(input: $input) { accessToken } }";
    let input = json!({ "input": { "email": format!("{account}@mercado.test"), "password": PASSWORD } });
    let answer = visitor.try_run(login, input).await?;
    answer["data"]["login"]["accessToken"].as_str().map(|token| visitor.token(token))
}

/// The ids of a hundred products.
pub(crate) async fn products(visitor: &Client) -> Vec<String> {
    let browse = "{ products(first: 100, sort: NAME_ASC) { nodes { id } } }";
    let data = visitor.data(browse, json!({})).await;
    let nodes = data["products"]["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

/// Buys until `left` is used up, and cancels some of it.
pub(crate) async fn buy(mut person: Person, name: usize, products: &[String], left: &AtomicUsize) -> Ledger {
    let mut dice = StdRng::seed_from_u64(name as u64);
    let mut ledger = Ledger::new();
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
        let key = format!("{name}-{}", ledger.len());
        let wanted: Vec<&String> = products.sample(&mut dice, 2).collect();
        let order = person.place(&key, &wanted).await;
        let entry = Entry {
            order: order["id"].as_str().unwrap().to_owned(),
            completed: order["status"] == "COMPLETED",
            cancel_asked: dice.random_ratio(1, 10),
        };
        if entry.cancel_asked {
            person.cancel(&entry.order).await;
        }
        ledger.insert(key, entry);
    }
    ledger
}

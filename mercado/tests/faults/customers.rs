//! Customers who write down what they were told.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::{Value, json};
use testing::graphql::Client;
use tokio::time::sleep;

use crate::market::PASSWORD;

const PLACE: &str = "mutation($input: PlaceOrderInput!) {
    placeOrder(input: $input) { order { id status } errors { __typename ... on UserError { code } } }
}";
const ADJUST_STOCK: &str = "mutation($input: AdjustStockInput!) { adjustStock(input: $input) { stock { onHand } } }";
const CREATE_PRODUCT: &str =
    "mutation($input: CreateProductInput!) { createProduct(input: $input) { product { id } } }";
const CREATE_STOCK: &str = "mutation($input: CreateStockInput!) { createStock(input: $input) { stock { onHand } } }";
const SET_STOCK: &str = "mutation($input: SetStockInput!) { setStock(input: $input) { stock { onHand } } }";
const CANCEL: &str = "mutation($input: CancelOrderInput!) { cancelOrder(input: $input) { order { id status } } }";

/// Longer than anything is away.
const PATIENCE: Duration = Duration::from_secs(60);

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

/// Something to ask for, which may be asked again.
#[derive(Clone)]
pub(crate) struct Wish {
    operation: &'static str,
    input: Value,
    /// Of the object that is the answer.
    path: &'static [&'static str],
}

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

    /// The answer, however often it has to be asked for.
    pub(crate) async fn ask(&mut self, wish: &Wish) -> Value {
        let started = Instant::now();
        loop {
            let answer = self.send(wish).await;
            if let Some(told) = told(wish, &answer) {
                return told;
            }
            if answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
                && let Some(client) = sign_in(&self.visitor, self.account).await
            {
                self.client = client;
            }
            assert!(started.elapsed() < PATIENCE, "{answer}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The same, asked once; `None` where nothing is told.
    pub(crate) async fn ask_once(&self, wish: &Wish) -> Option<Value> {
        told(wish, &self.send(wish).await)
    }

    /// The whole response; null where none came.
    pub(crate) async fn send(&self, wish: &Wish) -> Value {
        self.client.try_run(wish.operation, json!({ "input": wish.input })).await.unwrap_or_default()
    }
}

fn told(wish: &Wish, answer: &Value) -> Option<Value> {
    let told = wish.path.iter().fold(&answer["data"], |value, key| &value[key]);
    Some(told.clone()).filter(Value::is_object)
}

/// One of each product.
pub(crate) fn buying(key: &str, products: &[&String]) -> Wish {
    let lines: Vec<Value> = products.iter().map(|product| json!({ "productId": product, "quantity": 1 })).collect();
    let input = json!({ "idempotencyKey": key, "lines": lines });
    Wish { operation: PLACE, input, path: &["placeOrder", "order"] }
}

pub(crate) fn cancelling(order: &str) -> Wish {
    let input = json!({ "orderId": order, "reason": "changed my mind" });
    Wish { operation: CANCEL, input, path: &["cancelOrder", "order"] }
}

pub(crate) fn setting_stock(product: &str, units: usize) -> Wish {
    let input = json!({ "productId": product, "onHand": units, "reason": "counted", "idempotencyKey": product });
    Wish { operation: SET_STOCK, input, path: &["setStock", "stock"] }
}

pub(crate) fn adding_stock(key: &str, product: &str, units: i64) -> Wish {
    let input = json!({ "productId": product, "delta": units, "reason": "came in", "idempotencyKey": key });
    Wish { operation: ADJUST_STOCK, input, path: &["adjustStock", "stock"] }
}

pub(crate) fn creating_product(sku: &str) -> Wish {
    let input = json!({ "sku": sku, "name": sku, "price": { "amount": "1.00", "currencyCode": "EUR" } });
    Wish { operation: CREATE_PRODUCT, input, path: &["createProduct", "product"] }
}

/// That the product has stock already is an answer, too.
pub(crate) fn creating_stock(product: &str, units: i64) -> Wish {
    let input = json!({ "productId": product, "onHand": units });
    Wish { operation: CREATE_STOCK, input, path: &["createStock"] }
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
        let order = person.ask(&buying(&key, &wanted)).await;
        let entry = Entry {
            order: order["id"].as_str().unwrap().to_owned(),
            completed: order["status"] == "COMPLETED",
            cancel_asked: dice.random_ratio(1, 10),
        };
        if entry.cancel_asked {
            person.ask(&cancelling(&entry.order)).await;
        }
        ledger.insert(key, entry);
    }
    ledger
}

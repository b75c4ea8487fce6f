//! A shop of two subgraphs for tests of what concurrent requests share: products that are asked by their ids, and an
//! inventory that looks them up, and answers when it is let.

use std::sync::Arc;
use std::time::Duration;

use gateway::pipeline::{Answer, Caller, Gateway, GatewaySettings};
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::engine::{Received, Subgraph, anonymous, body, request, supergraph};

const PRODUCTS: &str = r#"
    type Query { products(ids: [ID!]!): [Product!]! }
    type Mutation { rename: Int }
    type Product @key(fields: "id") { id: ID! name: String }
"#;
const INVENTORY: &str = r#"
    type Query { depot: String port(of: String): String }
    type Mutation { restock: Int }
    type Product @key(fields: "id") { id: ID! stock(unit: String): String shelf(row: String!): String }
"#;

/// Counts those who arrive, and lets on those who have a permit.
pub(crate) struct Gate {
    arrived: Semaphore,
    released: Semaphore,
}

impl Gate {
    pub(crate) fn closed() -> Arc<Self> {
        Arc::new(Self { arrived: Semaphore::new(0), released: Semaphore::new(0) })
    }

    pub(crate) fn open() -> Arc<Self> {
        let gate = Self::closed();
        gate.release();
        gate
    }

    pub(crate) async fn pass(&self) {
        self.arrived.add_permits(1);
        self.released.acquire().await.unwrap().forget();
    }

    /// Returns when one more has arrived.
    pub(crate) async fn arrival(&self) {
        timeout(Duration::from_secs(8), self.arrived.acquire()).await.unwrap().unwrap().forget();
    }

    /// Lets everybody on, also those who come later.
    pub(crate) fn release(&self) {
        self.released.add_permits(100_000);
    }

    /// Closes again for those who come later, and forgets who has arrived.
    pub(crate) fn close(&self) {
        self.released.forget_permits(usize::MAX);
        self.arrived.forget_permits(usize::MAX);
    }
}

pub(crate) struct Shop {
    pub(crate) products: Subgraph,
    pub(crate) inventory: Subgraph,
    pub(crate) gate: Arc<Gate>,
    pub(crate) gateway: Arc<Gateway>,
}

impl Shop {
    /// Whose inventory says of each product what it was asked, in `unit` and `row`.
    pub(crate) async fn new(settings: GatewaySettings) -> Self {
        Self::answering(settings, |request| (StatusCode::OK, entities(request, stocked))).await
    }

    pub(crate) async fn answering(
        settings: GatewaySettings,
        answer: impl Fn(&Value) -> (StatusCode, Value) + Send + Sync + 'static,
    ) -> Self {
        let products = Subgraph::scripted("products", PRODUCTS, |request| {
            let product = |id: &Value| json!({ "__typename": "Product", "id": id, "name": format!("name of {id}") });
            let products = |variable: &str| -> Value {
                request["variables"][variable].as_array().unwrap().iter().map(product).collect()
            };
            let asked = asked(request["query"].as_str().unwrap(), "products");
            let of = |(key, arguments): (String, String)| (key, products(arguments.trim_start_matches("ids: $")));
            let mut data: Map<String, Value> = asked.into_iter().map(of).collect();
            data.insert("rename".to_owned(), json!(1));
            (StatusCode::OK, json!({ "data": data }).to_string())
        })
        .await;
        let gate = Gate::open();
        let (held, answer) = (gate.clone(), Arc::new(answer));
        let sdl = format!("{}{INVENTORY}", crate::engine::LINK);
        let inventory = Subgraph::resolving("inventory", sdl, move |request| {
            let (gate, answer) = (held.clone(), answer.clone());
            async move {
                gate.pass().await;
                let (status, answer) = answer(&request);
                (status, answer.to_string())
            }
        })
        .await;
        let gateway = Arc::new(Gateway::new(supergraph(&[&products, &inventory]), settings).unwrap());
        Self { products, inventory, gate, gateway }
    }

    /// Plans the operation, so that the next request with it comes to its calls without waiting for anything; closes
    /// the gate, and forgets what was sent.
    pub(crate) async fn warm(&self, query: &str, variables: Value) {
        self.gateway.answer(request(query, variables), anonymous()).await;
        self.inventory.forget_requests();
        self.products.forget_requests();
        self.gate.close();
    }

    pub(crate) async fn ask(&self, query: &str, variables: Value, caller: Caller) -> Value {
        body(&self.answer(query, variables, caller).await)
    }

    pub(crate) async fn answer(&self, query: &str, variables: Value, caller: Caller) -> Answer {
        self.gateway.answer(request(query, variables), caller).await
    }

    /// Opens the gate when a call has come to it.
    pub(crate) async fn release_after(&self, arrivals: usize) {
        for _ in 0..arrivals {
            self.gate.arrival().await;
        }
        self.gate.release();
    }

    /// The ids that each call to the inventory looked up, call by call.
    pub(crate) fn looked_up(&self) -> Vec<Vec<String>> {
        self.inventory.requests().iter().map(ids).collect()
    }
}

/// Of the references of all lists of a request.
fn ids(request: &Received) -> Vec<String> {
    let references = lists(&request.body).into_iter().flat_map(|(_, references)| references);
    references.map(|reference| reference["id"].as_str().unwrap().to_owned()).collect()
}

/// Response keys and arguments with which a field is asked.
pub(crate) fn asked(query: &str, field: &str) -> Vec<(String, String)> {
    let called = format!("{field}(");
    let occurrence = |(start, _): (usize, &str)| {
        let arguments = query[start + called.len()..].split(')').next().unwrap().to_owned();
        let key = match query[..start].strip_suffix(": ") {
            Some(before) => before.rsplit(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap(),
            None => field,
        };
        (key.to_owned(), arguments)
    };
    query.match_indices(&called).map(occurrence).collect()
}

/// Response key and references of each list of a request.
pub(crate) fn lists(request: &Value) -> Vec<(String, Vec<Value>)> {
    let variables = request["variables"].as_object().into_iter().flatten();
    let list = |(name, value): (&String, &Value)| {
        let suffix = name.strip_prefix("representations")?;
        let key = if suffix.is_empty() { "_entities" } else { suffix };
        Some((key.to_owned(), value.as_array()?.clone()))
    };
    variables.filter_map(list).collect()
}

/// What `object` makes of each reference, given the request.
pub(crate) fn entities(request: &Value, object: impl Fn(&Value, &Value) -> Value) -> Value {
    let of_list = |(key, references): (String, Vec<Value>)| {
        let objects: Value = references.iter().map(|reference| object(reference, request)).collect();
        (key, objects)
    };
    let mut data: Map<String, Value> = lists(request).into_iter().map(of_list).collect();
    data.insert("depot".to_owned(), json!("Hamburg"));
    data.insert("restock".to_owned(), json!(1));
    json!({ "data": data })
}

pub(crate) fn stocked(reference: &Value, request: &Value) -> Value {
    let id = reference["id"].as_str().unwrap();
    let of = |variable: &str| request["variables"][variable].as_str().unwrap_or("none").to_owned();
    json!({ "__typename": "Product", "stock": format!("{id} in {}", of("unit")), "shelf": format!("{id} on {}", of("row")) })
}

pub(crate) fn bearer(token: &str) -> Caller {
    Caller { authorization: Some(HeaderValue::from_str(&format!("Bearer {token}")).unwrap()), ..anonymous() }
}

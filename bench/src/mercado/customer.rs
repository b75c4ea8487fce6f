//! Who asks the market: customers with accounts, visitors, and the administrator.

use bytes::Bytes;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::market::ADMIN;
use crate::Outcome;
use crate::connection::Connection;

const PASSWORD: &str = "a password for one benchmark";

const REGISTER: &str = "mutation($input: RegisterInput!) {
    register(input: $input) { user { id } errors { ... on UserError { code } } }
}";
const LOGIN: &str = "mutation($input: LoginInput!) {
    login(input: $input) { accessToken user { id } errors { ... on UserError { code } } }
}";
const SET_STOCK: &str = "mutation($input: SetStockInput!) {
    setStock(input: $input) { stock { onHand } errors { ... on UserError { code } } }
}";
const CREATE_STOCK: &str = "mutation($input: CreateStockInput!) {
    createStock(input: $input) { stock { onHand } errors { ... on UserError { code } } }
}";
const STOCK: &str = "query($id: ID!) { product(id: $id) { stock { onHand reserved } } }";
const COUNT: &str = "query($filter: OrderFilter) { orders(filter: $filter) { totalCount } }";
const PLACE: &str = "mutation($input: PlaceOrderInput!) {
    placeOrder(input: $input) { order { id status } errors { ... on UserError { code } } }
}";
const CANCEL: &str = "mutation($input: CancelOrderInput!) {
    cancelOrder(input: $input) { order { id status } errors { ... on UserError { code } } }
}";
const LIST: &str = "query($sort: ProductSort) {
    products(first: 24, sort: $sort) { nodes { name price { amount } stock { available } } }
}";
const PRODUCT: &str = "query($id: ID!) {
    product(id: $id) { id sku slug name description price { amount currencyCode } stock { available inStock } }
}";
const ORDER: &str = "query($id: ID!) {
    order(id: $id) {
        number status total { amount currencyCode } createdAt
        lines { quantity name unitPrice { amount } product { slug stock { available } } }
    }
}";

/// A request, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Ask(Bytes);

impl Ask {
    fn new(operation: &str, variables: &Value) -> Self {
        Self(json!({ "query": operation, "variables": variables }).to_string().into())
    }

    /// The 24 products that a visitor sees first, with their stock.
    pub(crate) fn page() -> Self {
        Self::new("{ products(first: 24) { nodes { name price { amount } stock { available } } } }", &json!({}))
    }

    /// The same, in another order.
    pub(crate) fn list(sort: &str) -> Self {
        Self::new(LIST, &json!({ "sort": sort }))
    }

    pub(crate) fn product(id: &str) -> Self {
        Self::new(PRODUCT, &json!({ "id": id }))
    }

    pub(crate) fn order(id: &str) -> Self {
        Self::new(ORDER, &json!({ "id": id }))
    }

    /// One unit.
    pub(crate) fn place(key: &str, product: &str) -> Self {
        let lines = json!([{ "productId": product, "quantity": 1 }]);
        Self::new(PLACE, &json!({ "input": { "idempotencyKey": key, "lines": lines } }))
    }

    pub(crate) fn cancel(order: &str) -> Self {
        Self::new(CANCEL, &json!({ "input": { "orderId": order, "reason": "changed my mind" } }))
    }
}

/// An answer, or what it says went wrong: `extensions.code` of its first error, `code` of its payload's first, or an HTTP
/// status.
pub(crate) type Told = Result<Value, String>;

fn read(status: StatusCode, body: &[u8]) -> Told {
    let Ok(mut answer) = serde_json::from_slice::<Value>(body) else { return Err(format!("HTTP {}", status.as_u16())) };
    if let Some(error) = answer["errors"].get(0) {
        let code = error["extensions"]["code"].as_str().map(str::to_owned);
        return Err(code.unwrap_or_else(|| format!("HTTP {}", status.as_u16())));
    }
    let data = answer["data"].take();
    let mut payloads = data.as_object().into_iter().flat_map(|data| data.values());
    match payloads.find_map(|payload| payload["errors"].get(0)?["code"].as_str()) {
        Some(code) => Err(code.to_owned()),
        None => Ok(data),
    }
}

/// Somebody on a connection of their own.
pub(crate) struct Customer {
    connection: Connection,
    pub id: String,
}

impl Customer {
    pub(crate) async fn visitor(gateway: u16) -> Outcome<Self> {
        Ok(Self { connection: Connection::open(gateway).await?, id: String::new() })
    }

    pub(crate) async fn admin(gateway: u16) -> Outcome<Self> {
        Self::visitor(gateway).await?.signed_in(ADMIN.0, ADMIN.1).await
    }

    /// With a new account. Hashing passwords is slow on purpose, so this is for before anything is measured.
    pub(crate) async fn newcomer(gateway: u16, number: usize) -> Outcome<Self> {
        let mut visitor = Self::visitor(gateway).await?;
        let email = format!("customer-{number}@bench.test");
        let input = json!({ "email": email, "password": PASSWORD, "name": format!("Customer {number}") });
        visitor.must(&Ask::new(REGISTER, &json!({ "input": input }))).await?;
        visitor.signed_in(&email, PASSWORD).await
    }

    async fn signed_in(mut self, email: &str, password: &str) -> Outcome<Self> {
        let input = json!({ "email": email, "password": password });
        let login = self.must(&Ask::new(LOGIN, &json!({ "input": input }))).await?["login"].take();
        self.connection.sign_in(login["accessToken"].as_str().unwrap_or_default())?;
        self.id = login["user"]["id"].as_str().unwrap_or_default().to_owned();
        Ok(self)
    }

    /// # Errors
    /// Where no answer comes.
    pub(crate) async fn ask(&mut self, ask: &Ask) -> Outcome<Told> {
        let (status, body) = self.connection.ask(ask.0.clone()).await?;
        Ok(read(status, &body))
    }

    /// For what cannot go wrong.
    pub(crate) async fn must(&mut self, ask: &Ask) -> Outcome<Value> {
        let told = self.ask(ask).await?;
        Ok(told.map_err(|code| format!("answered with {code}: {}", String::from_utf8_lossy(&ask.0)))?)
    }

    /// For staff: from now on there are so many units of the product.
    pub(crate) async fn set_stock(&mut self, product: &str, units: u64) -> Outcome {
        let key = format!("{product}-{units}");
        let input = json!({ "productId": product, "onHand": units, "reason": "counted", "idempotencyKey": key });
        self.must(&Ask::new(SET_STOCK, &json!({ "input": input }))).await.map(drop)
    }

    /// For staff: the product gets its first units.
    pub(crate) async fn create_stock(&mut self, product: &str, units: i64) -> Outcome {
        let input = json!({ "productId": product, "onHand": units });
        self.must(&Ask::new(CREATE_STOCK, &json!({ "input": input }))).await.map(drop)
    }

    /// For staff: units on hand and those reserved.
    pub(crate) async fn stock(&mut self, product: &str) -> Outcome<(u64, u64)> {
        let mut data = self.must(&Ask::new(STOCK, &json!({ "id": product }))).await?;
        let stock = data["product"]["stock"].take();
        let units = |key: &str| stock[key].as_u64().ok_or_else(|| format!("{product} has no {key}"));
        Ok((units("onHand")?, units("reserved")?))
    }

    /// For staff: how many orders there are of this status.
    pub(crate) async fn count(&mut self, status: &str) -> Outcome<u64> {
        let data = self.must(&Ask::new(COUNT, &json!({ "filter": { "status": status } }))).await?;
        Ok(data["orders"]["totalCount"].as_u64().ok_or("orders are not counted")?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_told_by_its_code_wherever_it_stands() {
        let told = |status, body: Value| read(StatusCode::from_u16(status).unwrap(), body.to_string().as_bytes());
        let fault = json!({ "data": null, "errors": [{ "message": "", "extensions": { "code": "INTERNAL" } }] });
        assert_eq!(told(200, fault), Err("INTERNAL".to_owned()));
        let refused = json!({ "data": { "placeOrder": { "order": null, "errors": [{ "code": "OUT_OF_STOCK" }] } } });
        assert_eq!(told(200, refused), Err("OUT_OF_STOCK".to_owned()));
        let done = json!({ "placeOrder": { "order": { "id": "1" }, "errors": [] } });
        assert_eq!(told(200, json!({ "data": done })), Ok(done));
        assert_eq!(read(StatusCode::BAD_GATEWAY, b"<html>"), Err("HTTP 502".to_owned()));
    }
}

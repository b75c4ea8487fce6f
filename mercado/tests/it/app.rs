//! A market of its own for each test, and people who use it through the gateway.

use mercado::{Market, MarketSettings, Ports};
use serde_json::{Value, json};
use service::shutdown::Shutdown;
use subgraph::boot::Size;
use tempfile::TempDir;
use testing::graphql::Client;

pub(crate) const PASSWORD: &str = "mercado-demo-2026";

pub(crate) struct TestMarket {
    pub(crate) market: Market,
    _folder: TempDir,
}

impl TestMarket {
    /// On embedded databases, with the small demo market.
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = MarketSettings {
            ports: Ports::any(),
            seed: Some(Size::S),
            demo_password: Some(PASSWORD.into()),
            ..MarketSettings::embedded(folder.path())
        };
        let market = Market::start(settings, Shutdown::new()).await.unwrap();
        Self { market, _folder: folder }
    }

    /// Somebody who is not signed in.
    pub(crate) fn visitor(&self) -> Client {
        Client::new(format!("http://{}/graphql", self.market.gateway.address))
    }

    /// Somebody with an account of the demo market: `admin`, `staff` or `shopper`.
    pub(crate) async fn sign_in(&self, name: &str) -> Client {
        log_in(&self.visitor(), &format!("{name}@mercado.test"), PASSWORD).await
    }

    /// Somebody who has just made an account.
    pub(crate) async fn newcomer(&self, name: &str) -> Client {
        let (email, password) = (format!("{}@example.test", name.to_lowercase()), "a long enough sentence");
        let visitor = self.visitor();
        let input = json!({ "email": email, "password": password, "name": name });
        let register = "mutation($input: RegisterInput!) {
            register(input: $input) { user { name } errors { __typename } }
        }";
        assert_eq!(
            visitor.data(register, json!({ "input": input })).await,
            json!({ "register": { "user": { "name": name }, "errors": [] } })
        );
        log_in(&visitor, &email, password).await
    }

    /// The ids of so many products, oldest names first.
    pub(crate) async fn products(&self, first: usize) -> Vec<String> {
        let query = "query($first: Int!) { products(first: $first, sort: NAME_ASC) { nodes { id } } }";
        let data = self.visitor().data(query, json!({ "first": first })).await;
        data["products"]["nodes"].as_array().unwrap().iter().map(|node| text(&node["id"])).collect()
    }
}

async fn log_in(visitor: &Client, email: &str, password: &str) -> Client {
    let login = "mutation($input: LoginInput!) { login(input: $input) { accessToken errors { __typename } } }";
    let data = visitor.data(login, json!({ "input": { "email": email, "password": password } })).await;
    visitor.token(text(&data["login"]["accessToken"]))
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no string")).to_owned()
}

/// `placeOrder` for so many units of each product; the whole payload.
pub(crate) async fn place(buyer: &Client, key: &str, products: &[String], quantity: i64) -> Value {
    let lines: Vec<_> = products.iter().map(|id| json!({ "productId": id, "quantity": quantity })).collect();
    let place = "mutation($input: PlaceOrderInput!) {
        placeOrder(input: $input) {
            order { id status total { amount currencyCode } }
            errors {
                __typename
                ... on UserError { code }
                ... on OutOfStockError { shortages { product { id } requested available } }
            }
        }
    }";
    buyer.data(place, json!({ "input": { "idempotencyKey": key, "lines": lines } })).await["placeOrder"].take()
}

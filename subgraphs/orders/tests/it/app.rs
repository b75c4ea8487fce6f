use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use inventory::Inventory;
use orders::{Orders, domain::drive::Driver, upstream};
use products::Products;
use serde_json::{Value, json};
use service::{shutdown::Shutdown, token::ClientCredentials};
use subgraph::{Database, DatabaseSettings, Peer, Running, Subgraph, SubgraphSettings, boot};
use testing::{TestDatabase, TestIssuer, database, graphql::Client, nats::TestNats};
use uuid::Uuid;

use crate::{invariants, wire::Wire};

pub(crate) const CUSTOMER: &str = "user";
pub(crate) const STAFF: &str = "user catalog:write stock:write stock:read orders:read orders:write";
pub(crate) const SERVICE: &str = "service";

/// Every field of an order that this subgraph answers by itself, events and times aside.
pub(crate) const ORDER: &str = "id number status version cancelReason cancelNote total { amount currencyCode } \
    lines { quantity sku name unitPrice { amount } lineTotal { amount } product { id } } customer { id }";
pub(crate) const ERRORS: &str = "errors { __typename ... on UserError { code path } \
    ... on OutOfStockError { shortages { productId requested available product { id } } } \
    ... on PriceChangedError { total { amount currencyCode } } }";

/// Orders on a port and a database of its own, with products and inventory beside it; all gone when this is dropped.
pub(crate) struct TestApp {
    pub(crate) orders: Running,
    pub(crate) inventory: Database,
    pub(crate) products: Database,
    pub(crate) wire: Wire,
    place: TestDatabase,
    settings: SubgraphSettings<Orders>,
    clients: [Client; 3],
    issuer: TestIssuer,
    /// Of orders alone.
    shutdown: Shutdown,
    others: Shutdown,
    _places: [TestDatabase; 2],
}

/// Runs a story on SQLite, and on PostgreSQL where there is one, and checks the invariants at its end.
pub(crate) async fn on_each_database(story: impl AsyncFn(&TestApp)) {
    on_each_database_with(|_| (), story).await;
}

/// The same with other settings than the defaults.
pub(crate) async fn on_each_database_with(change: impl Fn(&mut orders::Settings), story: impl AsyncFn(&TestApp)) {
    let places = [Some(database::sqlite()), database::postgres().await];
    for place in places.into_iter().flatten() {
        let app = TestApp::on(place, &change).await;
        story(&app).await;
        invariants::check(&app).await;
    }
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::on(database::sqlite(), |_| ()).await
    }

    pub(crate) async fn with(change: impl Fn(&mut orders::Settings)) -> Self {
        Self::on(database::sqlite(), change).await
    }

    pub(crate) async fn on(place: TestDatabase, change: impl Fn(&mut orders::Settings)) -> Self {
        let issuer = TestIssuer::start().await;
        let principal = issuer.principal("orders");
        let (shutdown, others) = (Shutdown::new(), Shutdown::new());

        let products_place = database::sqlite();
        let products = start::<Products>(&products_place, &issuer, products::Settings::default(), &others).await;
        let products_url = url(&products);
        let inventory_place = database::sqlite();
        let settings = inventory::Settings {
            products_url: products_url.clone(),
            principal: principal.clone(),
            ..inventory::Settings::default()
        };
        let inventory = start::<Inventory>(&inventory_place, &issuer, settings, &others).await;

        let wire = Wire::to(url(&inventory)).await;
        let mut settings = orders::Settings {
            products_url: products_url.clone(),
            inventory_url: wire.url.clone(),
            principal,
            recovery_period: Duration::from_millis(50),
            ..orders::Settings::default()
        };
        change(&mut settings);
        let settings = listening(&place, &issuer, settings);
        let orders = boot::start(settings.clone(), shutdown.clone()).await.unwrap();
        Self {
            clients: [Client::new(url(&orders)), Client::new(products_url), Client::new(url(&inventory))],
            orders,
            inventory: inventory.database,
            products: products.database,
            wire,
            place,
            settings,
            issuer,
            shutdown,
            others,
            _places: [products_place, inventory_place],
        }
    }

    /// Another process of the orders service on the same database, which soon notices what the first one does.
    pub(crate) async fn start_replica(&self) -> Running {
        self.start_replica_with(|settings| settings.database.look_again = Duration::from_millis(50)).await
    }

    pub(crate) async fn start_replica_with(&self, change: impl Fn(&mut SubgraphSettings<Orders>)) -> Running {
        let mut settings = self.settings.clone();
        change(&mut settings);
        boot::start(settings, self.shutdown.clone()).await.unwrap()
    }

    /// The same client, at another process.
    pub(crate) fn at(&self, process: &Running, subject: impl ToString, scopes: &str) -> Client {
        Client::new(url(process)).token(self.issuer.token(&subject.to_string(), scopes))
    }

    /// Ends once so many streams are open, each of them with one watch.
    pub(crate) async fn until_open(&self, streams: usize) {
        let look = async {
            while (self.orders.streams.open(), self.orders.database.watches()) != (streams, streams) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), look).await.expect("some streams stay, or are gone");
    }

    /// Ends the process, and starts one anew on the same database.
    pub(crate) async fn restart(&mut self) {
        std::mem::take(&mut self.shutdown).trigger();
        self.orders = boot::start(self.settings.clone(), self.shutdown.clone()).await.unwrap();
        self.clients[0] = Client::new(url(&self.orders));
    }

    /// The same, and its events go to this server from then on.
    pub(crate) async fn restart_with_nats(&mut self, nats: &TestNats) {
        self.settings.events.nats_url = Some(nats.url.clone());
        self.restart().await;
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.place.url.starts_with("postgres")
    }

    pub(crate) fn anonymous(&self) -> Client {
        self.clients[0].clone()
    }

    pub(crate) fn user(&self, id: Uuid) -> Client {
        self.holder(id, CUSTOMER)
    }

    pub(crate) fn staff(&self) -> Client {
        self.holder(Uuid::now_v7(), STAFF)
    }

    pub(crate) fn holder(&self, subject: impl ToString, scopes: &str) -> Client {
        self.clients[0].token(self.issuer.token(&subject.to_string(), scopes))
    }

    /// Whoever these claims say.
    pub(crate) fn bearer(&self, claims: &service::token::Claims) -> Client {
        self.clients[0].token(self.issuer.sign(claims))
    }

    /// A driver of the app's orders, as another process has one.
    pub(crate) fn driver(&self) -> Driver {
        let orders::Settings { inventory_url, client, principal, reservation_ttl, .. } = &self.settings.service;
        let client = client::Client::new("inventory", inventory_url, client.clone()).unwrap();
        let inventory = Peer::new(client, ClientCredentials::new(principal.clone()).unwrap());
        Driver::new(self.orders.database.clone(), upstream::inventory::Inventory::new(inventory, *reservation_ttl))
    }

    fn staff_of(&self, client: &Client) -> Client {
        client.token(self.issuer.token(&Uuid::now_v7().to_string(), STAFF))
    }

    /// A product of this price in EUR with this stock: its id.
    pub(crate) async fn product(&self, sku: &str, price: &str, stock: i32) -> String {
        self.product_in(sku, price, "EUR", stock).await
    }

    pub(crate) async fn product_in(&self, sku: &str, price: &str, currency: &str, stock: i32) -> String {
        let create = "mutation($input: CreateProductInput!) \
            { createProduct(input: $input) { product { id } errors { __typename } } }";
        let price = json!({ "amount": price, "currencyCode": currency });
        let input = json!({ "input": { "sku": sku, "name": format!("The {sku}"), "price": price } });
        let created = self.staff_of(&self.clients[1]).data(create, input).await;
        let id = created["createProduct"]["product"]["id"].as_str().expect("a product").to_owned();
        let stock_it = "mutation($input: CreateStockInput!) { createStock(input: $input) { errors { __typename } } }";
        let input = json!({ "input": { "productId": id, "onHand": stock } });
        let stocked = self.staff_of(&self.clients[2]).data(stock_it, input).await;
        assert_eq!(stocked["createStock"]["errors"], json!([]));
        id
    }

    pub(crate) async fn reprice(&self, id: &str, price: &str) {
        self.reprice_in(id, price, "EUR").await;
    }

    pub(crate) async fn reprice_in(&self, id: &str, price: &str, currency: &str) {
        self.update(json!({ "id": id, "price": { "amount": price, "currencyCode": currency } })).await;
    }

    pub(crate) async fn rename(&self, id: &str, name: &str) {
        self.update(json!({ "id": id, "name": name })).await;
    }

    async fn update(&self, input: Value) {
        let update = "mutation($input: UpdateProductInput!) { updateProduct(input: $input) { errors { __typename } } }";
        let updated = self.staff_of(&self.clients[1]).data(update, json!({ "input": input })).await;
        assert_eq!(updated["updateProduct"]["errors"], json!([]));
    }

    pub(crate) async fn archive(&self, id: &str) {
        let archive =
            "mutation($input: ArchiveProductInput!) { archiveProduct(input: $input) { errors { __typename } } }";
        self.staff_of(&self.clients[1]).data(archive, json!({ "input": { "id": id } })).await;
    }

    /// Holds units in inventory, for an order of this customer that nobody finishes.
    pub(crate) async fn hold(&self, customer: Uuid, product: &str, quantity: i64) {
        let reserve = "mutation($input: ReserveStockInput!) { reserveStock(input: $input) { reservation { status } } }";
        let input = json!({ "reservationId": Uuid::now_v7(), "customerId": customer, "ttlSeconds": 900,
            "lines": [{ "productId": product, "quantity": quantity }] });
        let orders = self.clients[2].token(self.issuer.token("orders", SERVICE));
        let held = orders.data(reserve, json!({ "input": input })).await;
        assert_eq!(held["reserveStock"]["reservation"]["status"], "HELD");
    }

    /// Units on hand and reserved.
    pub(crate) async fn stock(&self, id: &str) -> (i64, i64) {
        let query = "query($id: ID!) { stock(productId: $id) { onHand reserved } }";
        let stock = self.staff_of(&self.clients[2]).data(query, json!({ "id": id })).await;
        (stock["stock"]["onHand"].as_i64().unwrap(), stock["stock"]["reserved"].as_i64().unwrap())
    }

    /// The order as staff see it once it has this status.
    pub(crate) async fn until(&self, id: &str, status: &str) -> Value {
        self.until_order(id, |order| order["status"] == status).await
    }

    /// The order as staff see it once its purchase is decided.
    pub(crate) async fn settled(&self, id: &str) -> Value {
        self.until_order(id, |order| order["status"] != "PENDING").await
    }

    /// The order as staff see it once its stock is free again.
    pub(crate) async fn released(&self, id: &str) -> Value {
        self.until_order(id, |order| order["stockReleasedAt"].is_string()).await
    }

    async fn until_order(&self, id: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let query = format!("query($id: ID!) {{ order(id: $id) {{ {ORDER} stockReleasedAt }} }}");
        let look = async {
            loop {
                let order = self.staff().data(&query, json!({ "id": id })).await["order"].take();
                if is_so(&order) {
                    return order;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), look).await.expect("the order never came that far")
    }

    /// The states that the order has been in.
    pub(crate) async fn trail(&self, id: &str) -> Vec<String> {
        let query = "query($id: ID!) { order(id: $id) { events { nodes { to } } } }";
        let order = self.staff().data(query, json!({ "id": id })).await;
        let events = order["order"]["events"]["nodes"].as_array().unwrap();
        events.iter().map(|event| event["to"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.shutdown.trigger();
        self.others.trigger();
    }
}

/// The payload of `placeOrder`.
pub(crate) async fn place(client: &Client, key: &str, lines: &[(&str, i64)]) -> Value {
    place_with(client, json!({ "idempotencyKey": key, "lines": lines_of(lines) })).await
}

pub(crate) async fn place_with(client: &Client, input: Value) -> Value {
    let query = format!(
        "mutation($input: PlaceOrderInput!) {{ placeOrder(input: $input) {{ order {{ {ORDER} }} {ERRORS} }} }}"
    );
    client.data(&query, json!({ "input": input })).await["placeOrder"].take()
}

pub(crate) fn lines_of(lines: &[(&str, i64)]) -> Value {
    lines.iter().map(|(id, quantity)| json!({ "productId": id, "quantity": quantity })).collect()
}

/// The payload of `cancelOrder`.
pub(crate) async fn cancel(client: &Client, order: &str) -> Value {
    let query = format!(
        "mutation($input: CancelOrderInput!) {{ cancelOrder(input: $input) \
            {{ order {{ id status version cancelReason cancelNote stockReleasedAt }} {CANCEL_ERRORS} }} }}"
    );
    let input = json!({ "orderId": order, "reason": "changed my mind" });
    client.data(&query, json!({ "input": input })).await["cancelOrder"].take()
}

const CANCEL_ERRORS: &str = "errors { __typename ... on UserError { code message path } }";

/// The id of a payload's order.
pub(crate) fn id_of(payload: &Value) -> String {
    payload["order"]["id"].as_str().unwrap_or_else(|| panic!("no order: {payload}")).to_owned()
}

/// The codes of an answer's top-level errors.
pub(crate) fn codes(answer: &Value) -> Vec<&str> {
    let errors = answer["errors"].as_array().map_or(&[][..], Vec::as_slice);
    errors.iter().map(|error| error["extensions"]["code"].as_str().expect("an error without a code")).collect()
}

async fn start<S: Subgraph>(
    place: &TestDatabase,
    issuer: &TestIssuer,
    service: S::Settings,
    shutdown: &Shutdown,
) -> Running {
    boot::start(listening::<S>(place, issuer, service), shutdown.clone()).await.unwrap()
}

fn listening<S: Subgraph>(place: &TestDatabase, issuer: &TestIssuer, service: S::Settings) -> SubgraphSettings<S> {
    SubgraphSettings {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        // So seldom that what a stream shows it was told.
        database: DatabaseSettings {
            url: place.url.clone(),
            look_again: Duration::from_secs(3_600),
            ..DatabaseSettings::default()
        },
        identity: issuer.settings(),
        service,
        ..SubgraphSettings::default()
    }
}

fn url(running: &Running) -> String {
    format!("http://{}/graphql", running.address)
}

//! Two processes of orders on one database, inventory and products on theirs, and the wire in between. Nothing here happens by
//! itself: who drives an order, and when, is for a test to say.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use client::{BreakerSettings, Client, ClientSettings};
use inventory::Inventory;
use orders::{
    Orders,
    domain::drive::Driver,
    upstream::{catalogue::Catalogue, inventory::Inventory as Upstream},
};
use products::Products;
use serde_json::{Value, json};
use service::{shutdown::Shutdown, token::ClientCredentials};
use subgraph::{Database, DatabaseSettings, Peer, Running, Subgraph, SubgraphSettings, boot};
use testing::{TestDatabase, TestIssuer, database, database::execute, graphql};
use uuid::Uuid;

use crate::{
    steps::{PRODUCTS, Process},
    wire::Wire,
};

const STAFF: &str = "user catalog:write stock:write stock:read";
const HOUR: Duration = Duration::from_secs(3_600);
/// In hundredths of a euro.
pub(crate) const PRICES: [i64; PRODUCTS] = [1_250, 999];

pub(crate) struct Shop {
    pub(crate) wire: Wire,
    pub(crate) catalogue: Catalogue,
    pub(crate) inventory: Database,
    processes: [(Database, Driver); 2],
    /// Of a process that reaches nobody, so that its orders are left to the others.
    cut_off: Driver,
    staff: [graphql::Client; 2],
    is_postgres: bool,
    shutdown: Shutdown,
    _issuer: TestIssuer,
    _places: [TestDatabase; 3],
}

impl Shop {
    pub(crate) async fn on_sqlite() -> Self {
        Self::on([database::sqlite(), database::sqlite(), database::sqlite()]).await
    }

    /// `None` where there is no PostgreSQL.
    pub(crate) async fn on_postgres() -> Option<Self> {
        let (orders, inventory) = (database::postgres().await?, database::postgres().await?);
        Some(Self::on([orders, inventory, database::sqlite()]).await)
    }

    async fn on(places: [TestDatabase; 3]) -> Self {
        let issuer = TestIssuer::start().await;
        let shutdown = Shutdown::new();
        let principal = issuer.principal("orders");
        let credentials = ClientCredentials::new(principal.clone()).unwrap();
        let products = start::<Products>(&places[2], &issuer, products::Settings::default(), &shutdown).await;
        let settings = inventory::Settings {
            products_url: url(&products),
            principal,
            sweep_interval: HOUR,
            ..inventory::Settings::default()
        };
        let inventory = start::<Inventory>(&places[1], &issuer, settings, &shutdown).await;
        let wire = Wire::to(url(&inventory)).await;
        let upstream = |url: &str| Upstream::new(patient("inventory", url, &credentials), HOUR);
        let process = async || {
            let database = connect(&places[0]).await;
            (database.clone(), Driver::new(database, upstream(&wire.url)))
        };
        let processes = [process().await, process().await];
        processes[0].0.migrate::<<Orders as Subgraph>::Migrator>().await.unwrap();
        let staff = issuer.token(&Uuid::now_v7().to_string(), STAFF);
        Self {
            cut_off: Driver::new(processes[0].0.clone(), upstream("http://127.0.0.1:9/graphql")),
            catalogue: Catalogue::new(patient("products", &url(&products), &credentials)),
            staff: [&products, &inventory].map(|running| graphql::Client::new(url(running)).token(&staff)),
            inventory: inventory.database,
            processes,
            wire,
            is_postgres: places[0].url.starts_with("postgres"),
            shutdown,
            _issuer: issuer,
            _places: places,
        }
    }

    pub(crate) fn orders(&self) -> &Database {
        &self.processes[0].0
    }

    pub(crate) fn process(&self, process: Process) -> (Database, Driver) {
        self.processes[process as usize].clone()
    }

    pub(crate) fn cut_off(&self) -> &Driver {
        &self.cut_off
    }

    /// New products with so many units.
    pub(crate) async fn stocked(&self, units: [i64; PRODUCTS]) -> [Uuid; PRODUCTS] {
        let mut products = [Uuid::nil(); PRODUCTS];
        for at in 0..PRODUCTS {
            let sku = Uuid::now_v7().simple().to_string();
            let amount = format!("{}.{:02}", PRICES[at] / 100, PRICES[at] % 100);
            let input = json!({ "sku": sku, "name": sku, "price": { "amount": amount, "currencyCode": "EUR" } });
            let create =
                "mutation($input: CreateProductInput!) { payload: createProduct(input: $input) { product { id } } }";
            let created = self.ask(0, create, input).await;
            products[at] = created["product"]["id"].as_str().unwrap().parse().unwrap();
            let stock =
                "mutation($input: CreateStockInput!) { payload: createStock(input: $input) { stock { onHand } } }";
            let stocked = self.ask(1, stock, json!({ "productId": products[at], "onHand": units[at] })).await;
            assert_eq!(stocked["stock"]["onHand"], units[at]);
        }
        products
    }

    /// Whether so many units could be added.
    pub(crate) async fn restock(&self, product: Uuid, by: i32) -> bool {
        let adjust = "mutation($input: AdjustStockInput!) { payload: adjustStock(input: $input) { stock { onHand } } }";
        let key = Uuid::now_v7();
        let input = json!({ "productId": product, "delta": by, "reason": "counted", "idempotencyKey": key });
        self.ask(1, adjust, input).await["stock"].is_object()
    }

    /// Units on hand and reserved.
    pub(crate) async fn stock(&self, products: &[Uuid; PRODUCTS]) -> [(i64, i64); PRODUCTS] {
        let query = "query($one: ID!, $two: ID!) { one: stock(productId: $one) { onHand reserved } two: stock(productId: $two) { onHand reserved } }";
        let stock = self.staff[1].data(query, json!({ "one": products[0], "two": products[1] })).await;
        let units = |name: &str, of: &str| stock[name][of].as_i64().unwrap();
        ["one", "two"].map(|name| (units(name, "onHand"), units(name, "reserved")))
    }

    async fn ask(&self, of: usize, mutation: &str, input: Value) -> Value {
        self.staff[of].data(mutation, json!({ "input": input })).await["payload"].take()
    }

    /// As if the reservation had been made long ago.
    pub(crate) async fn make_overdue(&self, reservation: Uuid) {
        let id = self.literal(reservation);
        let sql = format!("UPDATE reservations SET expires_at = created_at WHERE expires_at IS NOT NULL AND id = {id}");
        execute(self.inventory.write(), &sql).await;
    }

    /// As if the order had been placed long ago.
    pub(crate) async fn pass_deadline(&self, order: Uuid) {
        let id = self.literal(order);
        execute(self.orders().write(), &format!("UPDATE orders SET deadline_at = created_at WHERE id = {id}")).await;
    }

    fn literal(&self, id: Uuid) -> String {
        if self.is_postgres { format!("'{id}'") } else { format!("x'{}'", id.simple()) }
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.shutdown.trigger();
    }
}

/// Never gives a service up: what fails here is for the wire to say.
fn patient(name: &str, url: &str, principal: &ClientCredentials) -> Peer {
    let breaker = BreakerSettings { min_calls: u64::MAX, ..BreakerSettings::default() };
    let settings = ClientSettings { timeout: HOUR, adaptive_limit: false, breaker, ..ClientSettings::default() };
    Peer::new(Client::new(name, url, settings).unwrap(), principal.clone())
}

async fn connect(place: &TestDatabase) -> Database {
    Database::connect(&DatabaseSettings { url: place.url.clone(), ..DatabaseSettings::default() }).await.unwrap()
}

async fn start<S: Subgraph>(
    place: &TestDatabase,
    issuer: &TestIssuer,
    service: S::Settings,
    shutdown: &Shutdown,
) -> Running {
    let settings = SubgraphSettings::<S> {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        database: DatabaseSettings { url: place.url.clone(), ..DatabaseSettings::default() },
        identity: issuer.settings(),
        service,
        ..SubgraphSettings::default()
    };
    boot::start(settings, shutdown.clone()).await.unwrap()
}

fn url(running: &Running) -> String {
    format!("http://{}/graphql", running.address)
}

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::time::Duration;

use client::ClientSettings;
use inventory::{Inventory, Settings};
use products::Products;
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value, json};
use service::shutdown::Shutdown;
use subgraph::{Database, DatabaseSettings, Subgraph, SubgraphSettings, boot, server::Streams};
use testing::{TestDatabase, TestIssuer, database, graphql::Client};
use uuid::Uuid;

use crate::invariants;

pub(crate) const CUSTOMER: &str = "user";
pub(crate) const STAFF: &str = "user catalog:write stock:write stock:read orders:read orders:write";
pub(crate) const SERVICE: &str = "service";
const HOUR: Duration = Duration::from_secs(3_600);

/// Inventory and products, each on a port and a database of its own, gone when this is dropped.
pub(crate) struct TestApp {
    pub(crate) database: Database,
    pub(crate) streams: Streams,
    inventory: Client,
    products: Client,
    settings: SubgraphSettings<Inventory>,
    issuer: TestIssuer,
    shutdown: Shutdown,
    products_shutdown: Shutdown,
    replicas: Mutex<Vec<Database>>,
    _places: [TestDatabase; 2],
}

/// Plays a story on SQLite, and on PostgreSQL where there is one; then the invariants must hold.
pub(crate) async fn on_each_database(story: impl AsyncFn(&TestApp)) {
    on(database::sqlite(), &story).await;
    on_postgres(story).await;
}

/// Plays a story on PostgreSQL where there is one; then the invariants must hold.
pub(crate) async fn on_postgres(story: impl AsyncFn(&TestApp)) {
    if let Some(place) = database::postgres().await {
        on(place, &story).await;
    }
}

async fn on(place: TestDatabase, story: &impl AsyncFn(&TestApp)) {
    let app = TestApp::on(place).await;
    story(&app).await;
    invariants::check(&app.connect().await).await;
}

impl TestApp {
    /// On SQLite, for what does not depend on the database.
    pub(crate) async fn start() -> Self {
        Self::on(database::sqlite()).await
    }

    pub(crate) async fn on(place: TestDatabase) -> Self {
        let issuer = TestIssuer::start().await;
        let catalogue = database::sqlite();
        let products_shutdown = Shutdown::new();
        let products = settings::<Products>(&catalogue.url, &issuer);
        let products = boot::start(products, products_shutdown.clone()).await.unwrap();
        let products_url = format!("http://{}/graphql", products.address);
        let settings = SubgraphSettings::<Inventory> {
            service: Settings {
                products_url: products_url.clone(),
                principal: issuer.principal("inventory"),
                // Tests say themselves when time has passed.
                sweep_interval: HOUR,
                ..Settings::default()
            },
            ..settings(&place.url, &issuer)
        };
        let shutdown = Shutdown::new();
        let inventory = boot::start(settings.clone(), shutdown.clone()).await.unwrap();
        Self {
            inventory: Client::new(format!("http://{}/graphql", inventory.address)),
            products: Client::new(products_url),
            database: inventory.database,
            streams: inventory.streams,
            settings,
            issuer,
            shutdown,
            products_shutdown,
            replicas: Mutex::default(),
            _places: [place, catalogue],
        }
    }

    /// Another process on the same database, and what it was started with may be changed.
    pub(crate) async fn replica(&self, change: impl FnOnce(&mut Settings)) -> Client {
        let mut settings = self.settings.clone();
        change(&mut settings.service);
        // Nobody tells it what the others do.
        settings.database.look_again = Duration::from_millis(50);
        let running = boot::start(settings, self.shutdown.clone()).await.unwrap();
        self.replicas.lock().unwrap().push(running.database);
        Client::new(format!("http://{}/graphql", running.address))
    }

    /// Why a process with this setting does not start.
    pub(crate) async fn refused(&self, change: impl FnOnce(&mut Settings)) -> String {
        let mut settings = self.settings.clone();
        change(&mut settings.service);
        boot::start(settings, self.shutdown.clone()).await.err().expect("it started").to_string()
    }

    /// A connection that no process of the story has.
    pub(crate) async fn connect(&self) -> Database {
        // One connection: a second would count as a process of the story.
        let settings = DatabaseSettings { max_connections: 1, ..self.settings.database.clone() };
        Database::connect(&settings).await.unwrap()
    }

    /// How many deadlocks PostgreSQL has had to end. Disconnects every process from the database.
    pub(crate) async fn deadlocks(&self) -> i64 {
        let replicas = std::mem::take(&mut *self.replicas.lock().unwrap());
        for database in replicas.into_iter().chain([self.database.clone()]) {
            database.close().await.unwrap();
        }
        let database = self.connect().await;
        // A backend has reported what it counted by the time when it is gone.
        let others =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        while count(&database, others).await > 0 {}
        count(&database, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").await
    }

    /// From now on nobody answers where products was.
    pub(crate) fn stop_products(&self) -> Settings {
        self.products_shutdown.trigger();
        Settings {
            products_url: format!("http://{}/graphql", unused_address()),
            products: ClientSettings::default(),
            ..self.settings.service.clone()
        }
    }

    pub(crate) fn anonymous(&self) -> Client {
        self.inventory.clone()
    }

    pub(crate) fn token(&self, subject: &str, scopes: &str) -> String {
        self.issuer.token(subject, scopes)
    }

    /// Somebody who holds these scopes.
    pub(crate) fn holder(&self, scopes: &str) -> Client {
        self.inventory.token(self.token(&Uuid::now_v7().to_string(), scopes))
    }

    pub(crate) fn staff(&self) -> Client {
        self.holder(STAFF)
    }

    pub(crate) fn orders(&self) -> Client {
        self.inventory.token(self.token("orders", SERVICE))
    }

    /// A new product of the catalogue, without stock.
    pub(crate) async fn product(&self) -> Uuid {
        let sku = Uuid::now_v7().simple().to_string();
        let input = json!({ "sku": sku, "name": sku, "price": { "amount": "10.00", "currencyCode": "EUR" } });
        let mutation = "mutation($input: CreateProductInput!) {
            createProduct(input: $input) { product { id } errors { __typename } } }";
        let staff = self.products.token(self.token("staff", STAFF));
        let answer = staff.data(mutation, json!({ "input": input })).await;
        let id = answer["createProduct"]["product"]["id"].as_str();
        Uuid::parse_str(id.unwrap_or_else(|| panic!("{answer}"))).unwrap()
    }

    /// A new product with so many units.
    pub(crate) async fn stocked(&self, on_hand: i64) -> Uuid {
        let product = self.product().await;
        let input = json!({ "productId": product, "onHand": on_hand });
        let payload = self.create(input).await;
        assert_eq!(payload["errors"], json!([]));
        product
    }

    /// A new location with this priority.
    pub(crate) async fn location(&self, priority: i64) -> Uuid {
        let code = Uuid::now_v7().simple().to_string();
        let input = json!({ "input": { "code": code, "name": "Another warehouse", "priority": priority } });
        let mutation = "mutation($input: CreateLocationInput!) {
            createLocation(input: $input) { location { id } errors { __typename } } }";
        let answer = self.staff().data(mutation, input).await;
        let id = answer["createLocation"]["location"]["id"].as_str();
        Uuid::parse_str(id.unwrap_or_else(|| panic!("{answer}"))).unwrap()
    }

    /// The payload of `createStock`.
    pub(crate) async fn create(&self, input: Value) -> Value {
        self.change(&self.staff(), "createStock", input).await
    }

    /// The payload of a mutation of the stock: `createStock`, `adjustStock` or `setStock`.
    pub(crate) async fn change(&self, who: &Client, mutation: &str, input: Value) -> Value {
        who.data(&change(mutation), json!({ "input": input })).await[mutation].take()
    }

    /// What is public of a product's stock.
    pub(crate) async fn stock(&self, product: Uuid) -> Value {
        let query = "query($id: ID!) { stock(productId: $id) { onHand reserved available inStock } }";
        self.staff().data(query, json!({ "id": product })).await["stock"].take()
    }

    pub(crate) async fn reserve(&self, id: Uuid, lines: &[(Uuid, i64)]) -> Value {
        reserve(&self.orders(), id, lines).await
    }

    pub(crate) async fn settle(&self, mutation: &str, id: Uuid) -> Value {
        settle(&self.orders(), mutation, id).await
    }

    /// Puts the end of a reservation into the past.
    pub(crate) async fn make_overdue(&self, id: Uuid) {
        let sql = "UPDATE reservations SET expires_at = created_at WHERE id = $1";
        let statement = Statement::from_sql_and_values(self.database.backend(), sql, [id.into()]);
        self.database.write().execute_raw(statement).await.unwrap();
    }

    /// What `work` answers, and how many SQL statements it took.
    pub(crate) async fn counted<T>(&self, work: impl Future<Output = T>) -> (T, u64) {
        let before = self.database.statements();
        let answer = work.await;
        (answer, self.database.statements() - before)
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.shutdown.trigger();
        self.products_shutdown.trigger();
    }
}

/// Reserves for fifteen minutes, for nobody in particular; the payload without the reason of a rejection.
pub(crate) async fn reserve(orders: &Client, id: Uuid, lines: &[(Uuid, i64)]) -> Value {
    let input = json!({ "reservationId": id, "lines": lines_of(lines), "ttlSeconds": 900 });
    let mutation = "mutation($input: ReserveStockInput!) { reserveStock(input: $input) {
        reservation { id status } shortages { productId requested available }
        errors { __typename ... on UserError { code message path } } } }";
    insist(orders, mutation, input).await["reserveStock"].take()
}

/// Reserves for a customer; the payload.
pub(crate) async fn reserve_for(orders: &Client, customer: Uuid, id: Uuid, lines: &[(Uuid, i64)]) -> Value {
    let input = json!({ "reservationId": id, "customerId": customer, "lines": lines_of(lines), "ttlSeconds": 900 });
    let mutation = "mutation($input: ReserveStockInput!) { reserveStock(input: $input) {
        reservation { id status } rejection shortages { productId requested available }
        errors { __typename ... on UserError { code message path } } } }";
    insist(orders, mutation, input).await["reserveStock"].take()
}

fn lines_of(lines: &[(Uuid, i64)]) -> Value {
    lines.iter().map(|(product, quantity)| json!({ "productId": product, "quantity": quantity })).collect()
}

/// The payload of `commitReservation`, `releaseReservation` or `returnReservation`.
pub(crate) async fn settle(orders: &Client, mutation: &str, id: Uuid) -> Value {
    let input = mutation[..1].to_uppercase() + &mutation[1..];
    let document = format!(
        "mutation($input: {input}Input!) {{ {mutation}(input: $input) {{
            reservation {{ id status }} errors {{ ... on UserError {{ code }} ... on ReservationNotHeldError {{ status }} }} }} }}"
    );
    insist(orders, &document, json!({ "reservationId": id })).await[mutation].take()
}

/// The data, asked for again a few times while the service has no time for it, as `orders` does.
async fn insist(orders: &Client, document: &str, input: Value) -> Value {
    let variables = json!({ "input": input });
    for _ in 0..10 {
        let mut answer = orders.run(document, variables.clone()).await;
        match codes(&answer)[..] {
            [] => return answer["data"].take(),
            ["SUBGRAPH_UNAVAILABLE" | "DEADLINE_EXCEEDED"] => {}
            _ => panic!("{answer:#}"),
        }
    }
    panic!("no answer in ten attempts: {document} {variables}")
}

/// The document of a mutation of the stock, with every field of its payload.
pub(crate) fn change(mutation: &str) -> String {
    let input = mutation[..1].to_uppercase() + &mutation[1..];
    let available = if mutation == "createStock" { "" } else { "... on InsufficientStockError { available }" };
    format!(
        "mutation($input: {input}Input!) {{ {mutation}(input: $input) {{
            stock {{ product {{ id }} onHand reserved backorderLimit available inStock version }}
            errors {{ __typename ... on UserError {{ code path }} {available} }} }} }}"
    )
}

/// The codes of an answer's top-level errors.
pub(crate) fn codes(answer: &Value) -> Vec<&str> {
    let errors = answer["errors"].as_array().map_or(&[][..], Vec::as_slice);
    errors.iter().map(|error| error["extensions"]["code"].as_str().expect("an error without a code")).collect()
}

async fn count(database: &Database, sql: &str) -> i64 {
    let statement = Statement::from_string(database.backend(), sql);
    database.read().query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

fn settings<G: Subgraph>(url: &str, issuer: &TestIssuer) -> SubgraphSettings<G> {
    SubgraphSettings {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        // Looks so seldom that what a stream shows it was told.
        database: DatabaseSettings { url: url.to_owned(), max_connections: 40, look_again: HOUR },
        identity: issuer.settings(),
        ..SubgraphSettings::default()
    }
}

/// An address at which nobody listens.
fn unused_address() -> SocketAddr {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

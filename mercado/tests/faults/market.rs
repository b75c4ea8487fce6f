//! A market of five processes.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use mercado::{Market, MarketSettings, Ports, verify};
use service::shutdown::Shutdown;
use subgraph::{Database, DatabaseSettings, boot::Size};
use testing::{TestDatabase, database, graphql::Client, proxy::FaultProxy};
use tokio::{
    process::Child,
    sync::{Mutex, MutexGuard},
    time::sleep,
};

use crate::process::{Plan, Service};

pub(crate) const PASSWORD: &str = "mercado-demo-2026";

/// Markets of five processes keep a machine busy: there is one at a time.
static ONE: Mutex<()> = Mutex::const_new(());

pub(crate) struct Processes {
    _only: MutexGuard<'static, ()>,
    plan: Plan,
    running: [Mutex<Child>; 5],
    /// Of gateway, inventory and orders, on the same databases.
    replicas: Vec<(Plan, [Child; 3])>,
    pub(crate) orders: Database,
    inventory: Database,
    slowest_restart_ms: AtomicU64,
    _places: [TestDatabase; 4],
}

pub(crate) fn on_sqlite() -> [TestDatabase; 4] {
    std::array::from_fn(|_| database::sqlite())
}

/// `None` where there is no PostgreSQL.
pub(crate) async fn on_postgresql() -> Option<[TestDatabase; 4]> {
    let mut places = Vec::new();
    for _ in 0..4 {
        places.push(database::postgres().await?);
    }
    places.try_into().ok()
}

impl Processes {
    /// With the small demo market.
    pub(crate) async fn start(places: [TestDatabase; 4]) -> Self {
        let Ports { gateway, auth, products, inventory, orders } = Ports::any().check().unwrap();
        Self::start_on(places, [gateway, auth, products, inventory, orders], None).await
    }

    /// As [`start`](Self::start), with a proxy before inventory.
    pub(crate) async fn start_behind_proxy(places: [TestDatabase; 4]) -> (Self, FaultProxy) {
        let Ports { gateway, auth, products, inventory, orders } = Ports::any().check().unwrap();
        let proxy = FaultProxy::to(([127, 0, 0, 1], inventory).into()).await;
        let ports = [gateway, auth, products, proxy.address.port(), orders];
        (Self::start_on(places, ports, Some(inventory)).await, proxy)
    }

    async fn start_on(places: [TestDatabase; 4], ports: [u16; 5], inventory_listens: Option<u16>) -> Self {
        let only = ONE.lock().await;
        let databases = places.each_ref().map(|place| place.url.clone());
        let secret = "a secret of one test and of nobody else".repeat(2);
        let plan = Plan { ports, databases, secret, inventory_listens };
        fill(plan.settings()).await;
        let connect = async |url: &String| {
            let settings = DatabaseSettings { url: url.clone(), max_connections: 2, ..DatabaseSettings::default() };
            Database::connect(&settings).await.unwrap()
        };
        let processes = Self {
            _only: only,
            running: Service::ALL.map(|service| Mutex::new(plan.start(service))),
            replicas: Vec::new(),
            orders: connect(&plan.databases[3]).await,
            inventory: connect(&plan.databases[2]).await,
            slowest_restart_ms: AtomicU64::new(0),
            plan,
            _places: places,
        };
        for service in Service::ALL {
            until_ready(&processes.plan, service).await;
        }
        processes
    }

    /// A second gateway before a second `orders` and a second `inventory`.
    pub(crate) async fn add_replicas(&mut self) {
        let [_, auth, products, ..] = self.plan.ports;
        let Ports { gateway, inventory, orders, .. } = Ports::any().check().unwrap();
        let plan = Plan { ports: [gateway, auth, products, inventory, orders], ..self.plan.clone() };
        let services = [Service::Gateway, Service::Inventory, Service::Orders];
        let children = services.map(|service| plan.start(service));
        for service in services {
            until_ready(&plan, service).await;
        }
        self.replicas.push((plan, children));
    }

    /// Clients of all gateways.
    pub(crate) fn gateways(&self) -> Vec<Client> {
        let plans = self.replicas.iter().map(|(plan, _)| plan).chain([&self.plan]);
        plans.map(|plan| Client::new(format!("http://127.0.0.1:{}/graphql", plan.ports[0]))).collect()
    }

    /// SIGKILL, and at once a new process. Returns when that serves.
    pub(crate) async fn kill(&self, service: Service) {
        let mut running = self.running[service as usize].lock().await;
        running.kill().await.unwrap();
        let started = Instant::now();
        *running = self.plan.start(service);
        until_ready(&self.plan, service).await;
        let took = u64::try_from(started.elapsed().as_millis()).unwrap();
        self.slowest_restart_ms.fetch_max(took, Ordering::Relaxed);
    }

    pub(crate) fn slowest_restart(&self) -> Duration {
        Duration::from_millis(self.slowest_restart_ms.load(Ordering::Relaxed))
    }

    /// What breaks a rule, each in one line.
    pub(crate) async fn violations(&self) -> Vec<String> {
        let found = verify(&self.orders, &self.inventory).await.unwrap();
        found.iter().map(ToString::to_string).collect()
    }
}

async fn until_ready(plan: &Plan, service: Service) {
    let port = match service {
        Service::Gateway => plan.ports[0],
        Service::Inventory => plan.inventory_listens.unwrap_or(plan.ports[3]),
        other => plan.ports[other as usize + 1],
    };
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let ready = async || {
        let response = http.get(format!("http://127.0.0.1:{port}/ready")).send().await;
        response.is_ok_and(|response| response.status().is_success())
    };
    while !ready().await {
        sleep(Duration::from_millis(10)).await;
    }
}

/// Migrates and seeds, as a market in one process.
async fn fill(settings: MarketSettings) {
    let settings =
        MarketSettings { ports: Ports::any(), seed: Some(Size::S), demo_password: Some(PASSWORD.into()), ..settings };
    Market::start(settings, Shutdown::new()).await.unwrap().stop().await;
}

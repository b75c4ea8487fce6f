//! A market of five processes.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use mercado::{Market, MarketSettings, Ports, verify};
use service::shutdown::Shutdown;
use subgraph::{Database, DatabaseSettings, boot::Size};
use testing::{TestDatabase, graphql::Client};
use tokio::{process::Child, sync::Mutex, time::sleep};

use crate::process::{Plan, Service};

pub(crate) const PASSWORD: &str = "mercado-demo-2026";

pub(crate) struct Processes {
    plan: Plan,
    running: [Mutex<Child>; 5],
    pub(crate) orders: Database,
    inventory: Database,
    slowest_restart_ms: AtomicU64,
    _places: [TestDatabase; 4],
}

impl Processes {
    /// With the small demo market.
    pub(crate) async fn start(places: [TestDatabase; 4]) -> Self {
        let databases = places.each_ref().map(|place| place.url.clone());
        let Ports { gateway, auth, products, inventory, orders } = Ports::any().check().unwrap();
        let ports = [gateway, auth, products, inventory, orders];
        let plan = Plan { ports, databases, secret: "a secret of one test and of nobody else".repeat(2) };
        fill(plan.settings()).await;
        let connect = async |url: &String| {
            let settings = DatabaseSettings { url: url.clone(), max_connections: 2, ..DatabaseSettings::default() };
            Database::connect(&settings).await.unwrap()
        };
        let processes = Self {
            running: Service::ALL.map(|service| Mutex::new(plan.start(service))),
            orders: connect(&plan.databases[3]).await,
            inventory: connect(&plan.databases[2]).await,
            slowest_restart_ms: AtomicU64::new(0),
            plan,
            _places: places,
        };
        for service in Service::ALL {
            processes.until_ready(service).await;
        }
        processes
    }

    pub(crate) fn gateway(&self) -> Client {
        Client::new(format!("http://127.0.0.1:{}/graphql", self.plan.ports[0]))
    }

    /// SIGKILL, and at once a new process. Returns when that serves.
    pub(crate) async fn kill(&self, service: Service) {
        let mut running = self.running[service as usize].lock().await;
        running.kill().await.unwrap();
        let started = Instant::now();
        *running = self.plan.start(service);
        self.until_ready(service).await;
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

    async fn until_ready(&self, service: Service) {
        let port = match service {
            Service::Gateway => self.plan.ports[0],
            other => self.plan.ports[other as usize + 1],
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
}

/// Migrates and seeds, as a market in one process.
async fn fill(settings: MarketSettings) {
    let settings =
        MarketSettings { ports: Ports::any(), seed: Some(Size::S), demo_password: Some(PASSWORD.into()), ..settings };
    Market::start(settings, Shutdown::new()).await.unwrap().stop().await;
}

//! A market of five processes.

use std::{
    os::unix::process::ExitStatusExt as _,
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
    time::{sleep, timeout},
};

use crate::process::{Plan, Service};

pub(crate) const PASSWORD: &str = "mercado-demo-2026";

/// What `abort` ends a process with.
const SIGABRT: i32 = 6;
/// Longer than it takes to pass any fail point.
const DEAD_WITHIN: Duration = Duration::from_secs(20);

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
        Self::start_by(Plan::new(&places), places).await
    }

    /// As [`start`](Self::start), with a proxy before inventory.
    pub(crate) async fn start_behind_proxy(places: [TestDatabase; 4]) -> (Self, FaultProxy) {
        let mut plan = Plan::new(&places);
        let inventory = plan.ports[3];
        let proxy = FaultProxy::to(([127, 0, 0, 1], inventory).into()).await;
        plan.ports[3] = proxy.address.port();
        plan.inventory_listens = Some(inventory);
        (Self::start_by(plan, places).await, proxy)
    }

    /// As [`start`](Self::start), as planned.
    pub(crate) async fn start_by(plan: Plan, places: [TestDatabase; 4]) -> Self {
        let only = ONE.lock().await;
        fill(plan.settings()).await;
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
        processes.until_ready().await;
        processes
    }

    /// Looks at the databases by new connections: those that it had may have ended with the server.
    pub(crate) async fn reconnect(&mut self) {
        self.orders = connect(&self.plan.databases[3]).await;
        self.inventory = connect(&self.plan.databases[2]).await;
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
        self.restart(service, |_| ()).await;
    }

    /// As [`kill`](Self::kill), of a process that may be gone already; the new one is told something else, and may die of it.
    pub(crate) async fn restart(&self, service: Service, change: impl FnOnce(&mut Plan)) {
        let mut running = self.running[service as usize].lock().await;
        running.kill().await.unwrap();
        let mut plan = self.plan.clone();
        change(&mut plan);
        let started = Instant::now();
        *running = plan.start(service);
        let dead = async {
            while running.try_wait().unwrap().is_none() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            () = until_ready(&plan, service) => {}
            () = dead => {}
        }
        let took = u64::try_from(started.elapsed().as_millis()).unwrap();
        self.slowest_restart_ms.fetch_max(took, Ordering::Relaxed);
    }

    pub(crate) async fn restart_if_dead(&self, service: Service) {
        let ended = self.running[service as usize].lock().await.try_wait().unwrap();
        if ended.is_some() {
            self.restart(service, |_| ()).await;
        }
    }

    pub(crate) async fn pid(&self, service: Service) -> u32 {
        self.running[service as usize].lock().await.id().unwrap()
    }

    /// SIGKILL, and no new process.
    pub(crate) async fn end(&self, service: Service) {
        self.running[service as usize].lock().await.kill().await.unwrap();
    }

    /// Returns once the process has died at its fail point.
    pub(crate) async fn until_dead(&self, service: Service, point: &str) {
        let mut running = self.running[service as usize].lock().await;
        // `wait` would close it, and that is a request to stop.
        let _open = running.stdin.take();
        let Ok(ended) = timeout(DEAD_WITHIN, running.wait()).await else {
            panic!("{service:?} does not pass {point}");
        };
        assert_eq!(ended.unwrap().signal(), Some(SIGABRT));
    }

    pub(crate) fn slowest_restart(&self) -> Duration {
        Duration::from_millis(self.slowest_restart_ms.load(Ordering::Relaxed))
    }

    /// Ends once each service can do its work.
    pub(crate) async fn until_ready(&self) {
        for service in Service::ALL {
            until_ready(&self.plan, service).await;
        }
    }

    /// What breaks a rule, each in one line.
    pub(crate) async fn violations(&self) -> Vec<String> {
        let found = verify(&self.orders, &self.inventory).await.unwrap();
        found.iter().map(ToString::to_string).collect()
    }
}

async fn connect(url: &str) -> Database {
    let settings = DatabaseSettings { url: url.to_owned(), max_connections: 2, ..DatabaseSettings::default() };
    Database::connect(&settings).await.unwrap()
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

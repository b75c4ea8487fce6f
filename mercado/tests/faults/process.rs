//! One of the five processes: this test's own program, started again with the test below.

use std::{env, io, path::PathBuf, process::Stdio, thread, time::Duration};

use client::BreakerSettings;
use mercado::{Credentials, Databases, MarketSettings, Ports, start_gateway};
use serde::{Deserialize, Serialize};
use service::{
    shutdown::Shutdown,
    telemetry::{self, TelemetrySettings},
};
use subgraph::{Subgraph, SubgraphSettings, boot, fail_point};
use testing::TestDatabase;
use tokio::process::{Child, Command};

use crate::{clocks, disk::breakable};

const PLAN: &str = "MERCADO_FAULTS_PLAN";
const IMPATIENCE: Duration = Duration::from_millis(500);

#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Service {
    Auth,
    Products,
    Inventory,
    Orders,
    Gateway,
}

impl Service {
    pub(crate) const ALL: [Self; 5] = [Self::Auth, Self::Products, Self::Inventory, Self::Orders, Self::Gateway];
}

/// What all processes of a market are told.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// Of gateway, auth, products, inventory and orders.
    pub(crate) ports: [u16; 5],
    /// Of auth, products, inventory and orders.
    pub(crate) databases: [String; 4],
    pub(crate) secret: String,
    /// Where inventory listens if it is behind a proxy, at whose port the others ask it.
    pub(crate) inventory_listens: Option<u16>,
    /// Customers wait for 500 ms only, what is overdue is looked for as often, and no breaker opens.
    pub(crate) impatient: bool,
    /// Other than the usual one.
    pub(crate) reservation_ttl: Option<Duration>,
    /// The point at which a process that is started by this plan dies.
    pub(crate) dies_at: Option<String>,
    /// Where the events of inventory and orders go.
    pub(crate) nats_url: Option<String>,
    /// Inventory and orders are started so that their disk can be made to fail, with pipes in this folder.
    pub(crate) breakable: Option<PathBuf>,
    /// Each process has a clock of its own in this folder.
    pub(crate) clocks: Option<PathBuf>,
}

impl Plan {
    /// On free ports.
    pub(crate) fn new(places: &[TestDatabase; 4]) -> Self {
        let Ports { gateway, auth, products, inventory, orders } = Ports::any().check().unwrap();
        Self {
            ports: [gateway, auth, products, inventory, orders],
            databases: places.each_ref().map(|place| place.url.clone()),
            secret: "a secret of one test and of nobody else".repeat(2),
            inventory_listens: None,
            impatient: false,
            reservation_ttl: None,
            dies_at: None,
            nats_url: None,
            breakable: None,
            clocks: None,
        }
    }

    pub(crate) fn settings(&self) -> MarketSettings {
        let [gateway, auth, products, inventory, orders] = self.ports;
        let ports = Ports { gateway, auth, products, inventory, orders };
        let [auth, products, inventory, orders] = self.databases.clone();
        let databases = Databases::Urls { auth, products, inventory, orders };
        let mut settings = MarketSettings { ports, databases, ..MarketSettings::embedded("unused".as_ref()) };
        if self.impatient {
            settings.engine.subgraph.breaker = never_opens();
        }
        settings
    }

    /// Starts the process, which ends when this one does.
    pub(crate) fn start(&self, service: Service) -> Child {
        let has_disk = matches!(service, Service::Inventory | Service::Orders);
        let mut command = match &self.breakable {
            Some(pipes) if has_disk => {
                let mut command = breakable(pipes);
                command.arg(env::current_exe().unwrap());
                command
            }
            _ => Command::new(env::current_exe().unwrap()),
        };
        if let Some(clocks) = &self.clocks {
            clocks::wrong(&mut command, clocks, service);
        }
        command
            .args(["--ignored", "--exact", "process::a_process_of_the_other_tests", "--nocapture"])
            .env(PLAN, serde_json::to_string(&(service, self)).unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    async fn run(&self, service: Service, shutdown: Shutdown) {
        if let Some(point) = &self.dies_at {
            fail_point::die_at(point.clone());
        }
        let settings = self.settings();
        let credentials = Credentials { orders: self.secret.clone().into(), inventory: self.secret.clone().into() };
        let ports = &settings.ports;
        match service {
            Service::Auth => serve(settings.auth(ports, &credentials), shutdown).await,
            Service::Products => serve(settings.products(ports), shutdown).await,
            Service::Inventory => {
                let mut inventory = settings.inventory(ports, &credentials);
                inventory.listen.set_port(self.inventory_listens.unwrap_or(ports.inventory));
                inventory.events.nats_url.clone_from(&self.nats_url);
                if self.impatient {
                    inventory.service.sweep_interval = IMPATIENCE;
                }
                serve(inventory, shutdown).await;
            }
            Service::Orders => {
                let mut orders = settings.orders(ports, &credentials);
                orders.events.nats_url.clone_from(&self.nats_url);
                if self.impatient {
                    orders.service.answer_within = IMPATIENCE;
                    orders.service.client.breaker = never_opens();
                }
                if let Some(ttl) = self.reservation_ttl {
                    orders.service.reservation_ttl = ttl;
                }
                serve(orders, shutdown).await;
            }
            Service::Gateway => start_gateway(&settings, ports, shutdown).await.unwrap().task.await.unwrap(),
        }
    }
}

fn never_opens() -> BreakerSettings {
    BreakerSettings { min_calls: u64::MAX, ..BreakerSettings::default() }
}

async fn serve<S: Subgraph>(settings: SubgraphSettings<S>, shutdown: Shutdown) {
    boot::start::<S>(settings, shutdown).await.unwrap().task.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "does nothing by itself"]
async fn a_process_of_the_other_tests() {
    let Ok(plan) = env::var(PLAN) else { return };
    let (service, plan): (Service, Plan) = serde_json::from_str(&plan).unwrap();
    telemetry::init("faults", &TelemetrySettings { filter: "error".to_owned(), ..TelemetrySettings::default() })
        .unwrap();
    let shutdown = Shutdown::new();
    let parent_is_gone = shutdown.clone();
    thread::spawn(move || {
        io::copy(&mut io::stdin(), &mut io::sink()).unwrap();
        parent_is_gone.trigger();
    });
    plan.run(service, shutdown).await;
}

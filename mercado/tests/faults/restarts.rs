//! R14: the database restarts under customers, or comes back from a copy.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use inventory::Inventory;
use orders::Orders;
use subgraph::{Database, DatabaseSettings, Subgraph as _};
use testing::{
    TestDatabase,
    database::{execute, postgres_server, sqlite},
};
use tokio::time::sleep;

use crate::{
    customers::{Ledger, Person, buy, products},
    kills::{compare, settle},
    market::{Processes, on_sqlite},
    process::Service,
};

const CUSTOMERS: usize = 8;
const ORDERS: usize = 200;
const RECONNECTED_WITHIN: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn r14_postgresql_restarts_under_customers_and_every_process_finds_it_again() {
    let Some(server) = postgres_server() else { return };
    let mut places = Vec::new();
    for _ in 0..4 {
        places.push(server.database().await);
    }
    let mut market = Processes::start(places.try_into().ok().unwrap()).await;
    let left = AtomicUsize::new(ORDERS);
    let restarting = async {
        for (mode, at) in [("fast", ORDERS * 2 / 3), ("immediate", ORDERS / 3)] {
            until(&left, at).await;
            server.stop(mode).await;
            server.start_again().await;
            let started = Instant::now();
            market.until_ready().await;
            eprintln!("{mode}: every process is ready {:?} after the server is", started.elapsed());
            assert!(started.elapsed() < RECONNECTED_WITHIN, "{mode}");
        }
    };
    let (ledger, ()) = tokio::join!(customers(&market, &left), restarting);
    market.reconnect().await;
    settle(&market).await;
    assert_eq!(market.violations().await, Vec::<String>::new());
    compare(&market, &ledger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r14_copies_of_sqlite_databases_in_use_are_sound_and_a_market_goes_on_from_them() {
    let places = on_sqlite();
    let urls = places.each_ref().map(|place| place.url.clone());
    let market = Processes::start(places).await;
    let left = AtomicUsize::new(ORDERS);
    let copying = async {
        until(&left, ORDERS / 2).await;
        [copy(&urls[3]).await, copy(&urls[2]).await]
    };
    let (ledger, in_use) = tokio::join!(customers(&market, &left), copying);
    let [orders, inventory] = &in_use;
    assert_eq!(Orders::verify(&connect(&orders.url).await).await.unwrap(), []);
    assert_eq!(Inventory::verify(&connect(&inventory.url).await).await.unwrap(), []);

    // What spans both databases is the same in both copies if nothing is bought between them.
    market.end(Service::Orders).await;
    let copies = [copy(&urls[0]).await, copy(&urls[1]).await, copy(&urls[2]).await, copy(&urls[3]).await];
    drop(market);
    let market = Processes::start(copies).await;
    settle(&market).await;
    assert_eq!(market.violations().await, Vec::<String>::new());
    compare(&market, &ledger).await;
}

async fn customers(market: &Processes, left: &AtomicUsize) -> Ledger {
    let [visitor] = market.gateways().try_into().ok().unwrap();
    let products = products(&visitor).await;
    let shopper = Person::sign_in(&visitor, "shopper").await;
    let ledgers = join_all((0..CUSTOMERS).map(|name| buy(shopper.clone(), name, &products, left))).await;
    ledgers.into_iter().flatten().collect()
}

/// Ends once only so many orders are left to place.
async fn until(left: &AtomicUsize, at: usize) {
    while left.load(Ordering::Relaxed) > at {
        sleep(Duration::from_millis(5)).await;
    }
}

async fn copy(url: &str) -> TestDatabase {
    let copy = sqlite();
    let path = copy.url.trim_start_matches("sqlite://");
    execute(connect(url).await.read(), &format!("VACUUM INTO '{path}'")).await;
    copy
}

async fn connect(url: &str) -> Database {
    let settings = DatabaseSettings { url: url.to_owned(), max_connections: 1, ..DatabaseSettings::default() };
    Database::connect(&settings).await.unwrap()
}

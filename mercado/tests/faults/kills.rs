//! R1: processes are killed at random while customers buy.
//!
//! `MERCADO_KILLS` (of each process) and `MERCADO_ORDERS` make it longer: 20 and 10,000 are the long form.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use orders::{
    audit::{Claim, claims, unsettled},
    entities::order::State,
};
use rand::seq::SliceRandom as _;
use testing::{
    TestDatabase,
    nats::{TestNats, nats, versions},
};
use tokio::time::sleep;

use crate::{
    customers::{Ledger, Person, buy, products},
    market::{Processes, on_postgresql, on_sqlite},
    process::{Plan, Service},
};

const CUSTOMERS: usize = 16;
/// How long it may take until everything is at its end once the last process is back.
const SETTLED_WITHIN: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn r1_nothing_is_lost_or_doubled_on_sqlite() {
    check(on_sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_nothing_is_lost_or_doubled_on_postgresql() {
    if let Some(places) = on_postgresql().await {
        check(places).await;
    }
}

async fn check(places: [TestDatabase; 4]) {
    let nats = nats().await;
    let plan = Plan { nats_url: nats.as_ref().map(|nats| nats.url.clone()), ..Plan::new(&places) };
    let market = Processes::start_by(plan, places).await;
    let [visitor] = market.gateways().try_into().ok().unwrap();
    let products = products(&visitor).await;
    let shopper = Person::sign_in(&visitor, "shopper").await;
    let left = AtomicUsize::new(setting("MERCADO_ORDERS", 500));
    let buying = join_all((0..CUSTOMERS).map(|name| buy(shopper.clone(), name, &products, &left)));
    let (ledgers, kills) = tokio::join!(buying, kill(&market, &left));
    let ledger: Ledger = ledgers.into_iter().flatten().collect();

    let settled_after = settle(&market).await;
    eprintln!(
        "{} orders, {kills} kills, slowest restart {:?}, all at their end {settled_after:?} after the last",
        ledger.len(),
        market.slowest_restart(),
    );
    assert_eq!(market.violations().await, Vec::<String>::new());
    let claims = compare(&market, &ledger).await;
    if let Some(nats) = nats {
        all_events_have_left(&nats, &claims).await;
    }
}

/// Kills each process as often as set, in any order, spread over the customers' orders; those that are left after the last
/// order, too.
async fn kill(market: &Processes, left: &AtomicUsize) -> usize {
    let mut kills = Service::ALL.repeat(setting("MERCADO_KILLS", 3));
    kills.shuffle(&mut rand::rng());
    let orders = left.load(Ordering::Relaxed);
    for (number, service) in kills.iter().enumerate() {
        let at = orders - orders * (number + 1) / (kills.len() + 1);
        while left.load(Ordering::Relaxed) > at {
            sleep(Duration::from_millis(5)).await;
        }
        market.kill(*service).await;
    }
    kills.len()
}

/// Ends once every order is at its end; how long that took.
pub(crate) async fn settle(market: &Processes) -> Duration {
    let started = Instant::now();
    while unsettled(&market.orders).await.unwrap() > 0 {
        assert!(started.elapsed() < SETTLED_WITHIN, "some orders are not at their end");
        sleep(Duration::from_millis(20)).await;
    }
    started.elapsed()
}

/// Every key has an order of its own, and what was told to be completed is, unless its customer cancelled it. Returns these
/// orders.
pub(crate) async fn compare(market: &Processes, ledger: &Ledger) -> HashMap<String, Claim> {
    let ids: Vec<_> = ledger.values().map(|entry| entry.order.parse().unwrap()).collect();
    let mut found = HashMap::new();
    for ids in ids.chunks(500) {
        let claims = claims(&market.orders, ids).await.unwrap();
        found.extend(claims.into_iter().map(|claim| (claim.id.to_string(), claim)));
    }
    assert_eq!(found.len(), ledger.len(), "an order for each key");
    for (key, entry) in ledger {
        match found[&entry.order].state {
            State::Completed => assert!(!entry.cancel_asked, "{key}: not cancelled, {entry:?}"),
            State::Cancelled => assert!(!entry.completed || entry.cancel_asked, "{key}: lost, {entry:?}"),
            other => panic!("{key}: {other:?}"),
        }
    }
    found
}

/// I12: each version of each order has left, in order.
async fn all_events_have_left(nats: &TestNats, claims: &HashMap<String, Claim>) {
    let all: i32 = claims.values().map(|claim| claim.version).sum();
    let events = nats.events("mercado.orders.updated.*", usize::try_from(all).unwrap()).await;
    let expected = claims.iter().map(|(id, claim)| (id.as_str(), (1..=i64::from(claim.version)).collect()));
    assert_eq!(versions(&events), expected.collect());
}

pub(crate) fn setting(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |value| value.parse().unwrap())
}

//! R4: the network before `inventory`, which `orders` and the gateway ask, fails in every way that it can.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use testing::{
    graphql::Client,
    proxy::{Fault, FaultProxy},
};

use crate::{
    customers::{Person, buying, products},
    kills::settle,
    market::{Processes, on_sqlite},
};

const CUSTOMERS: usize = 8;
const ORDERS_EACH: usize = 2;
/// `placeOrder` answers after 3 s at the latest; the rest is this machine's, which is busy with the test.
const ANSWERED_WITHIN: Duration = Duration::from_millis(3_500);
/// One page after another. A call for the stock ends after 3 s, too.
const PAGES: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn r4_whatever_the_network_does_customers_are_answered_in_time_and_the_books_are_right() {
    let milliseconds = Duration::from_millis;
    let faults = [
        Fault::Delay(milliseconds(50)),
        Fault::Delay(milliseconds(500)),
        Fault::Delay(milliseconds(2_000)),
        Fault::Drip(milliseconds(20)),
        Fault::CutAfter(100),
        Fault::Reset,
        Fault::DropResponses,
        Fault::BlackHole,
    ];
    for fault in faults {
        // A market of its own for each: a breaker that has opened before stays open for longer.
        let (market, proxy) = Processes::start_behind_proxy(on_sqlite()).await;
        let [gateway] = market.gateways().try_into().ok().unwrap();
        let products = products(&gateway).await;
        let shopper = Person::sign_in(&gateway, "shopper").await;
        proxy.set(fault);
        let browsed = browse_under(&gateway, &proxy).await;
        eprintln!("{fault:?}: {browsed:?}");
        assert!(browsed.slowest <= ANSWERED_WITHIN, "{fault:?}: {browsed:?}");
        assert!(browsed.attempts * 10 <= PAGES * 11, "{fault:?}: retries add at most a tenth: {browsed:?}");
        let calls = proxy.requests();
        let bought = buy_under(&shopper, &products, fault).await;
        let calls = proxy.requests() - calls;
        proxy.set(Fault::None);
        let settled_after = settle(&market).await;
        eprintln!("{fault:?}: {bought:?}, {calls} calls, all at their end {settled_after:?} later");
        assert!(bought.slowest <= ANSWERED_WITHIN, "{fault:?}: {bought:?}");
        assert_eq!(bought.unanswered, 0, "{fault:?}: a customer who waits learns of the order");
        if matches!(fault, Fault::Delay(time) if time < milliseconds(1_000)) {
            assert_eq!(calls, 2 * CUSTOMERS * ORDERS_EACH, "{fault:?}: no call is made twice");
        }
        assert_eq!(market.violations().await, Vec::<String>::new(), "{fault:?}");
        recovers(&shopper, &products, fault, &proxy).await;
    }
}

#[derive(Debug)]
struct Bought {
    slowest: Duration,
    /// How often no order came back.
    unanswered: usize,
}

async fn buy_under(shopper: &Person, products: &[String], fault: Fault) -> Bought {
    let customers = (0..CUSTOMERS).map(async |name| {
        let mut bought = Bought { slowest: Duration::ZERO, unanswered: 0 };
        for number in 0..ORDERS_EACH {
            let key = format!("{fault:?}-{name}-{number}").replace(' ', "");
            let started = Instant::now();
            let told = shopper.ask_once(&buying(&key, &[&products[name]])).await;
            bought.slowest = bought.slowest.max(started.elapsed());
            bought.unanswered += usize::from(told.is_none());
        }
        bought
    });
    let all = join_all(customers).await;
    Bought {
        slowest: all.iter().map(|bought| bought.slowest).max().unwrap_or_default(),
        unanswered: all.iter().map(|bought| bought.unanswered).sum(),
    }
}

#[derive(Debug)]
struct Browsed {
    slowest: Duration,
    /// Requests to inventory, where one is needed for each page.
    attempts: usize,
}

/// Every page is there, with or without its stock.
async fn browse_under(visitor: &Client, proxy: &FaultProxy) -> Browsed {
    let before = proxy.requests();
    let mut slowest = Duration::ZERO;
    for _ in 0..PAGES {
        let started = Instant::now();
        let page = visitor.run("{ products(first: 2) { nodes { name stock { available } } } }", json!({})).await;
        slowest = slowest.max(started.elapsed());
        assert_eq!(page["data"]["products"]["nodes"].as_array().map(Vec::len), Some(2), "{page}");
    }
    Browsed { slowest, attempts: proxy.requests() - before }
}

/// An order is completed again, once the breaker has tried inventory.
async fn recovers(shopper: &Person, products: &[String], fault: Fault, proxy: &FaultProxy) {
    let started = Instant::now();
    for attempt in 0.. {
        let key = format!("after-{fault:?}-{attempt}").replace(' ', "");
        let calls = proxy.requests();
        let told = shopper.ask_once(&buying(&key, &[&products[CUSTOMERS]])).await;
        if told.is_some_and(|order| order["status"] == "COMPLETED") {
            assert!(proxy.requests() > calls);
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "{fault:?} is over, and nothing can be bought");
    }
}

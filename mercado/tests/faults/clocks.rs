//! R12: the clock of one process is wrong by an hour, and then right again. `libfaketime` makes it so (Debian's package of
//! that name), for the time of day only: what is measured by the monotonic clock goes on.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures_util::future::join_all;
use serde_json::Value;
use testing::{database::not_run, graphql::Client};
use tokio::{process::Command, time::sleep};

use crate::{
    customers::{Ledger, Person, buy, buying, products},
    kills::{compare, settle},
    market::{Processes, on_sqlite},
    process::{Plan, Service},
};

const CUSTOMERS: usize = 4;
/// Orders between two jumps.
const ORDERS: usize = 12;
/// Customers go on, or try to, while a clock is wrong.
const WRONG_FOR: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn r12_a_clock_that_jumps_lets_nobody_in_and_loses_nothing() {
    if library().is_none() {
        return not_run("MERCADO_REQUIRE_FAKETIME", "with clocks that jump: no libfaketime was found");
    }
    let clocks = tempfile::tempdir().unwrap();
    let places = on_sqlite();
    let plan = Plan { impatient: true, clocks: Some(clocks.path().to_owned()), ..Plan::new(&places) };
    Service::ALL.into_iter().for_each(|service| set(clocks.path(), service, "+0"));
    let market = Processes::start_by(plan, places).await;
    let [visitor] = market.gateways().try_into().ok().unwrap();
    let products = products(&visitor).await;
    let left = AtomicUsize::new(usize::MAX);

    let jumping = async {
        for service in Service::ALL {
            for jump in ["+1h", "-1h"] {
                let before = left.load(Ordering::Relaxed);
                while before - left.load(Ordering::Relaxed) < ORDERS {
                    sleep(Duration::from_millis(5)).await;
                }
                let shopper = Person::sign_in(&visitor, "shopper").await;
                set(clocks.path(), service, jump);
                is_kept_out(&visitor, service, shopper, &products[0]).await;
                if service == Service::Auth {
                    // It asks for a token while that cannot be of use.
                    market.kill(Service::Orders).await;
                }
                sleep(WRONG_FOR).await;
                set(clocks.path(), service, "+0");
                eprintln!("{service:?} {jump}: {} orders so far", usize::MAX - left.load(Ordering::Relaxed));
            }
        }
        left.store(0, Ordering::Relaxed);
    };
    let shopper = Person::sign_in(&visitor, "shopper").await;
    let customers = join_all((0..CUSTOMERS).map(|name| buy(shopper.clone(), name, &products, &left)));
    let (ledgers, ()) = tokio::join!(customers, jumping);
    let ledger: Ledger = ledgers.into_iter().flatten().collect();
    settle(&market).await;
    assert_eq!(market.violations().await, Vec::<String>::new());
    compare(&market, &ledger).await;
}

/// A token that the process does not take for one of now is worth nothing: an old one where it is verified, a new one where
/// it is signed.
async fn is_kept_out(visitor: &Client, wrong: Service, shopper: Person, product: &String) {
    let someone = match wrong {
        Service::Gateway | Service::Orders => shopper,
        Service::Auth => Person::sign_in(visitor, "shopper").await,
        Service::Products | Service::Inventory => return,
    };
    let answer: Value = someone.send(&buying(&format!("{wrong:?}"), &[product])).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{wrong:?}: {answer}");
}

/// Makes the command's program look at its clock in this folder.
pub(crate) fn wrong(command: &mut Command, clocks: &Path, service: Service) {
    let Some(library) = library() else { return };
    command
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", file(clocks, service))
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
}

fn set(clocks: &Path, service: Service, offset: &str) {
    // A file that is written in place could be read while it is empty.
    let next = clocks.join("next");
    fs::write(&next, offset).unwrap();
    fs::rename(next, file(clocks, service)).unwrap();
}

fn file(clocks: &Path, service: Service) -> PathBuf {
    clocks.join(format!("{service:?}"))
}

fn library() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok);
    folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")).find(|path| path.is_file())
}

//! R11: the disk of orders or inventory fails under customers.
//!
//! Errors of `fsync` come from libfiu (`fiu-run`), errors of `write` from a limit on the size of files (`prlimit`: libfiu
//! would fail the writes that wake tokio, too), and the full disk is one: a small tmpfs, where this may mount one.

use std::{
    env,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::Value;
use tempfile::TempDir;
use testing::database::{not_run, sqlite, sqlite_in};
use tokio::time::{sleep, timeout};

use crate::{
    customers::{Entry, Ledger, Person, buying, products},
    kills::{compare, settle},
    market::Processes,
    process::{Plan, Service},
};

const CUSTOMERS: usize = 8;
const ORDERS: usize = 24;
/// Answers that show that the disk fails, before it is well again.
const TROUBLES: usize = 8;
const NOTICED_WITHIN: Duration = Duration::from_secs(20);
/// Longer than a disk fails, and an order then takes.
const PATIENCE: Duration = Duration::from_secs(60);
const WELL_WITHIN: Duration = Duration::from_secs(20);

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Fault {
    Full,
    Write,
    Sync,
}

#[tokio::test(flavor = "multi_thread")]
async fn r11_while_a_disk_fails_nothing_is_acknowledged_that_is_not_kept() {
    let mut faults = vec![Fault::Write];
    let disk = SmallDisk::mount();
    match &disk {
        // First, while the logs of the databases still have to grow.
        Some(_) => faults.insert(0, Fault::Full),
        None => not_run("MERCADO_REQUIRE_MOUNT", "on a full disk: no tmpfs can be mounted"),
    }
    match fiu_run() {
        Some(_) => faults.push(Fault::Sync),
        None => not_run("MERCADO_REQUIRE_FIU", "with errors of fsync: no fiu-run was found"),
    }
    let pipes = tempfile::tempdir().unwrap();
    let on_disk = |name| disk.as_ref().map_or_else(sqlite, |disk| sqlite_in(&disk.folder(name)));
    let places = [sqlite(), sqlite(), on_disk("inventory"), on_disk("orders")];
    let plan = Plan { impatient: true, breakable: Some(pipes.path().to_owned()), ..Plan::new(&places) };
    let market = Processes::start_by(plan, places).await;
    let [visitor] = market.gateways().try_into().ok().unwrap();
    let products = products(&visitor).await;
    let shopper = Person::sign_in(&visitor, "shopper").await;

    let mut ledger = Ledger::new();
    for fault in faults {
        for service in [Service::Orders, Service::Inventory] {
            let name = format!("{fault:?}-{service:?}");
            let (left, troubles) = (AtomicUsize::new(ORDERS), AtomicUsize::new(0));
            let customers = (0..CUSTOMERS).map(|customer| {
                buy(shopper.clone(), format!("{name}-{customer}"), &products[customer], &left, &troubles)
            });
            let failing = async {
                until(&name, || left.load(Ordering::Relaxed) <= ORDERS * 2 / 3).await;
                let before = troubles.load(Ordering::Relaxed);
                let pid = market.pid(service).await;
                let ballast = fault.begin(pid, pipes.path(), disk.as_ref());
                until(&name, || troubles.load(Ordering::Relaxed) >= before + TROUBLES).await;
                drop(ballast);
                fault.end(pid, pipes.path());
            };
            let (ledgers, ()) = tokio::join!(join_all(customers), failing);
            ledger.extend(ledgers.into_iter().flatten());
            completes(&shopper, &name, &products[CUSTOMERS]).await;
        }
    }
    read_only(&market, &shopper, &products[0]).await;
    for service in [Service::Orders, Service::Inventory] {
        market.kill(service).await;
    }
    let settled_after = settle(&market).await;
    eprintln!("{} orders, all at their end {settled_after:?} after the last", ledger.len());
    assert_eq!(market.violations().await, Vec::<String>::new());
    compare(&market, &ledger).await;
}

/// As [`crate::customers::buy`], with a look at each answer.
async fn buy(shopper: Person, name: String, product: &String, left: &AtomicUsize, troubles: &AtomicUsize) -> Ledger {
    let mut ledger = Ledger::new();
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
        let key = format!("{name}-{}", ledger.len());
        let wish = buying(&key, &[product]);
        let started = Instant::now();
        let order = loop {
            let answer = shopper.send(&wish).await;
            let order = &answer["data"]["placeOrder"]["order"];
            if order["status"] != "COMPLETED" {
                troubles.fetch_add(1, Ordering::Relaxed);
            }
            if order.is_object() {
                break order.clone();
            }
            assert_clean(&answer);
            assert!(started.elapsed() < PATIENCE, "{answer}");
            sleep(Duration::from_millis(50)).await;
        };
        let completed = order["status"] == "COMPLETED";
        let order = order["id"].as_str().unwrap().to_owned();
        ledger.insert(key, Entry { order, completed, cancel_asked: false });
    }
    ledger
}

/// The client is told to come back, and nothing of what is wrong.
fn assert_clean(answer: &Value) {
    let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
    assert!(["SUBGRAPH_UNAVAILABLE", "DEADLINE_EXCEEDED"].contains(&code), "{answer}");
    let text = answer.to_string().to_lowercase();
    assert!(!["sql", "disk", "database", "i/o"].iter().any(|word| text.contains(word)), "{answer}");
}

/// Nobody has to help: an order is completed again.
async fn completes(shopper: &Person, name: &str, product: &String) {
    let trying = async {
        for attempt in 0.. {
            let told = shopper.ask_once(&buying(&format!("{name}-after-{attempt}"), &[product])).await;
            if told.is_some_and(|order| order["status"] == "COMPLETED") {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(timeout(WELL_WITHIN, trying).await.is_ok(), "{name} is over, and nothing can be bought");
}

/// Orders may only read its file.
async fn read_only(market: &Processes, shopper: &Person, product: &String) {
    market.restart(Service::Orders, |plan| plan.databases[3].push_str("?mode=ro")).await;
    assert_clean(&shopper.send(&buying("read-only", &[product])).await);
}

async fn until(name: &str, is_so: impl Fn() -> bool) {
    let looking = async {
        while !is_so() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(timeout(NOTICED_WITHIN, looking).await.is_ok(), "{name}: nobody notices");
}

impl Fault {
    /// What is returned fills the disk until it is dropped.
    fn begin(self, pid: u32, pipes: &Path, disk: Option<&SmallDisk>) -> Option<Ballast> {
        match self {
            Self::Full => return disk.map(SmallDisk::fill),
            Self::Write => limit_files(pid, "0"),
            Self::Sync => control(pid, pipes, "enable name=posix/io/sync/*,failinfo=5"),
        }
        None
    }

    fn end(self, pid: u32, pipes: &Path) {
        match self {
            Self::Full => {}
            Self::Write => limit_files(pid, "unlimited"),
            Self::Sync => control(pid, pipes, "disable name=posix/io/sync/*"),
        }
    }
}

/// A command that becomes the program given to it, whose disk can then be made to fail: it survives the signal of a write
/// beyond the limit, and obeys `fiu-ctrl` where that is installed.
pub(crate) fn breakable(pipes: &Path) -> tokio::process::Command {
    let mut command = tokio::process::Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]);
    if let Some(fiu_run) = fiu_run() {
        command.arg(fiu_run).args(["-x", "-f"]).arg(pipes.join("fiu"));
    }
    command
}

fn fiu_run() -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join("fiu-run")).find(|path| path.is_file())
}

fn control(pid: u32, pipes: &Path, command: &str) {
    let pid = pid.to_string();
    run(Command::new("fiu-ctrl").arg("-f").arg(pipes.join("fiu")).args(["-c", command, &pid]));
}

fn limit_files(pid: u32, bytes: &str) {
    run(Command::new("prlimit").args(["--pid", &pid.to_string(), &format!("--fsize={bytes}:")]));
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty(), "{command:?}: {output:?}");
}

/// A tmpfs, for as long as this lives.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None` where this process may not do so.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=32m", "tmpfs"]).arg(folder.path());
        mount.output().is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }

    fn folder(&self, name: &str) -> PathBuf {
        let folder = self.0.path().join(name);
        fs::create_dir(&folder).unwrap();
        folder
    }

    fn fill(&self) -> Ballast {
        let path = self.0.path().join("ballast");
        let mut file = File::create(&path).unwrap();
        while file.write_all(&[1; 4096]).is_ok() {}
        Ballast(path)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg("--lazy").arg(self.0.path()).output().ok();
    }
}

struct Ballast(PathBuf);

impl Drop for Ballast {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

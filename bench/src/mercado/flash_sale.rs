//! Far more buyers than units, all at once: how fast, and whether exactly what was there is sold.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::bare::Bare;
use super::customer::{Ask, Customer};
use super::databases::{Databases, Engine};
use super::market::{Market, Programs};
use super::script::Deed;
use crate::statistics::percentile;
use crate::{Outcome, tell};

/// Before an attempt that ended in a fault is made again.
const PAUSE: Duration = Duration::from_millis(50);
/// How long an attempt may take with all its faults.
const DECIDED_WITHIN: Duration = Duration::from_secs(60);

/// How long orders may take to their end after the last answer.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub seed: u64,
    pub units: usize,
    pub attempts: usize,
    pub clients: usize,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct FlashSale {
    pub engine: Engine,
    pub units: usize,
    pub attempts: usize,
    pub clients: usize,
    pub database_mode: String,
    pub market: Rush,
    /// The same transactions without our code.
    pub bare: Rush,
    /// As the orders say when all are at their end.
    pub sold: u64,
    pub left: u64,
    /// Answers other than a completed order or that there are no units left, by code. After a fault the attempt was made
    /// again.
    pub others: BTreeMap<String, usize>,
    /// What must not be; the sale has failed.
    pub failure: Option<String>,
}

/// How fast it went.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Rush {
    pub attempts_per_second: f64,
    /// Until the last unit was sold.
    pub orders_per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    Sold,
    Short,
    /// It will be decided later.
    Pending,
}

/// An attempt that is over: when, since the beginning, after how long, and how.
type Ended = (Duration, Duration, Came);

pub(crate) async fn measure(programs: &Programs, engine: Engine, plan: Plan) -> Outcome<FlashSale> {
    let market = Market::open(programs, Databases::open(engine, &[]).await?, "s", &[]).await?;
    let product = ChaCha8Rng::seed_from_u64(plan.seed).random_range(0..demo::Size::S.products());
    let product = demo::product(product).id;
    let mut admin = Customer::admin(market.port).await?;
    admin.set_stock(&product.to_string(), plan.units as u64).await?;
    let customers = newcomers(market.port, plan.clients).await?;
    let sold_before = admin.count("COMPLETED").await?;
    tell(format_args!("{} attempts at {} units, {} clients", plan.attempts, plan.units, plan.clients))?;
    let (ended, others) = rush(customers, &product.to_string(), plan.attempts).await?;
    settle(&mut admin).await?;
    let sold = admin.count("COMPLETED").await? - sold_before;
    let (left, reserved) = admin.stock(&product.to_string()).await?;
    let expected = plan.units.min(plan.attempts) as u64;
    let failure = if sold != expected {
        Some(format!("{sold} were sold in place of {expected}"))
    } else if (left, reserved) != (plan.units as u64 - expected, 0) {
        Some(format!("{left} are left and {reserved} reserved after {sold} of {} were sold", plan.units))
    } else {
        market.verify().await.err().map(|error| error.to_string())
    };
    let database_mode = market.databases.mode().await?;
    let databases = market.close().await?;
    tell(format_args!("the same transactions on {} alone", engine.name()))?;
    let bare = bare_rush(&databases, product, plan).await?;
    let (market, Plan { units, attempts, clients, .. }) = (speed(ended), plan);
    Ok(FlashSale { engine, units, attempts, clients, database_mode, market, bare, sold, left, others, failure })
}

/// So many customers, each signed in on a connection of their own.
pub(super) async fn newcomers(gateway: u16, clients: usize) -> Outcome<Vec<Customer>> {
    tell(format_args!("{clients} customers sign in"))?;
    let mut customers = Vec::new();
    for number in 0..clients {
        customers.push(Customer::newcomer(gateway, number).await?);
    }
    Ok(customers)
}

/// Ends once every order is at its end.
pub(super) async fn settle(admin: &mut Customer) -> Outcome {
    let begun = Instant::now();
    while admin.count("PENDING").await? > 0 {
        if begun.elapsed() > SETTLED_WITHIN {
            return Err("some orders are not at their end".into());
        }
        sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

async fn rush(
    customers: Vec<Customer>,
    product: &str,
    attempts: usize,
) -> Outcome<(Vec<Ended>, BTreeMap<String, usize>)> {
    let (next, begun) = (Arc::new(AtomicUsize::new(0)), Instant::now());
    let mut clients = JoinSet::new();
    for mut customer in customers {
        let (next, product) = (next.clone(), product.to_owned());
        clients.spawn(async move {
            let (mut ended, mut others) = (Vec::new(), Vec::new());
            while let Some(number) = one_of(&next, attempts) {
                let sent = Instant::now();
                let ask = Ask::place(&format!("rush-{number}"), &product);
                let came = attempt(&mut customer, &ask, &mut others).await?;
                ended.push((begun.elapsed(), sent.elapsed(), came));
            }
            Outcome::Ok((ended, others))
        });
    }
    let (mut all, mut by_code) = (Vec::new(), BTreeMap::new());
    while let Some(client) = clients.join_next().await {
        let (ended, others) = client??;
        all.extend(ended);
        for code in others {
            *by_code.entry(code).or_default() += 1;
        }
    }
    Ok((all, by_code))
}

/// Asks until there is an answer: with the same key that is safe.
async fn attempt(customer: &mut Customer, ask: &Ask, others: &mut Vec<String>) -> Outcome<Came> {
    let begun = Instant::now();
    loop {
        match customer.ask(ask).await? {
            Ok(data) if data["placeOrder"]["order"]["status"] == "COMPLETED" => return Ok(Came::Sold),
            Ok(_) => {
                others.push("PENDING".to_owned());
                return Ok(Came::Pending);
            }
            Err(code) if code == "OUT_OF_STOCK" => return Ok(Came::Short),
            Err(code) if begun.elapsed() > DECIDED_WITHIN => return Err(format!("an attempt ends with {code}").into()),
            Err(code) => others.push(code),
        }
        sleep(PAUSE).await;
    }
}

/// The next number below the end.
fn one_of(next: &AtomicUsize, end: usize) -> Option<usize> {
    Some(next.fetch_add(1, Relaxed)).filter(|number| *number < end)
}

/// As many attempts, of which as many get a unit; the others find out that there is none.
async fn bare_rush(databases: &Databases, product: uuid::Uuid, plan: Plan) -> Outcome<Rush> {
    let bare = Bare::connect(databases).await?;
    bare.set_stock(product, plan.units as u64).await?;
    let (next, begun) = (Arc::new(AtomicUsize::new(0)), Instant::now());
    let mut clients = JoinSet::new();
    for _ in 0..plan.clients {
        let (bare, next) = (bare.clone(), next.clone());
        clients.spawn(async move {
            let mut ended = Vec::new();
            while let Some(number) = one_of(&next, plan.attempts) {
                let sent = Instant::now();
                let (deed, came) =
                    if number < plan.units { (Deed::Place, Came::Sold) } else { (Deed::Short, Came::Short) };
                bare.run(deed, &mut bare.purchase(product)).await?;
                ended.push((begun.elapsed(), sent.elapsed(), came));
            }
            Outcome::Ok(ended)
        });
    }
    let mut all = Vec::new();
    while let Some(client) = clients.join_next().await {
        all.extend(client??);
    }
    Ok(speed(all))
}

fn speed(mut ended: Vec<Ended>) -> Rush {
    ended.sort_unstable_by_key(|(at, ..)| *at);
    let per_second =
        |count: usize, until: Option<&Ended>| until.map_or(0.0, |(at, ..)| count as f64 / at.as_secs_f64());
    let sold = |(.., came): &&Ended| *came == Came::Sold;
    let attempts_per_second = per_second(ended.len(), ended.last());
    let orders_per_second = per_second(ended.iter().filter(sold).count(), ended.iter().rfind(sold));
    let mut latencies: Vec<Duration> = ended.iter().map(|(_, took, _)| *took).collect();
    latencies.sort_unstable();
    let [p50_ms, p99_ms] = [0.5, 0.99].map(|share| percentile(&latencies, share).as_secs_f64() * 1e3);
    Rush { attempts_per_second, orders_per_second, p50_ms, p99_ms }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_counted_until_the_last_was_sold_and_attempts_until_the_end() {
        let ended = |at, came| (Duration::from_secs(at), Duration::from_millis(at), came);
        let rush =
            speed(vec![ended(4, Came::Short), ended(2, Came::Sold), ended(1, Came::Sold), ended(3, Came::Short)]);
        assert_eq!((rush.orders_per_second, rush.attempts_per_second), (1.0, 1.0));
        assert_eq!((rush.p50_ms, rush.p99_ms), (2.0, 4.0));
        assert_eq!(speed(Vec::new()).attempts_per_second, 0.0);
    }

    #[test]
    fn numbers_are_given_out_once_and_end() {
        let next = AtomicUsize::new(0);
        assert_eq!([0; 3].map(|_| one_of(&next, 2)), [Some(0), Some(1), None]);
    }
}

//! Customers who mostly look around: a closed loop of browsing, buying and cancelling.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::bare::Bare;
use super::customer::{Ask, Customer};
use super::databases::{Databases, Engine};
use super::flash_sale::{newcomers, settle};
use super::market::{Market, Programs};
use super::report::counted;
use super::script::Deed;
use crate::statistics::percentile;
use crate::{Outcome, tell};

/// Units of each product: more than anybody buys in a run.
const UNITS: u64 = 1_000_000;
const SORTS: [&str; 3] = ["NAME_ASC", "PRICE_ASC", "NEWEST"];

#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub seed: u64,
    pub clients: usize,
    pub warm_up: Duration,
    pub window: Duration,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Mixed {
    pub engine: Engine,
    pub clients: usize,
    pub seconds: u64,
    /// Before those.
    pub warm_up_seconds: u64,
    pub database_mode: String,
    pub requests_per_second: f64,
    /// Those that were completed.
    pub orders_per_second: f64,
    /// Orders and cancellations.
    pub writes_per_second: f64,
    /// The same transactions in the same proportion without our code, and without anybody who browses.
    pub bare_writes_per_second: f64,
    pub kinds: Vec<Figures>,
    /// Answers that were not what was asked for, by code.
    pub errors: BTreeMap<String, usize>,
    /// What must not be; the run has failed.
    pub failure: Option<String>,
}

/// Of one kind of request, within the window.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    pub kind: Kind,
    pub requests: usize,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    List,
    Product,
    Order,
    Place,
    Cancel,
}

impl Kind {
    const ALL: [Self; 5] = [Self::List, Self::Product, Self::Order, Self::Place, Self::Cancel];

    /// Of a hundred, 90 browse, 8 place and 2 cancel.
    fn of(percent: u32) -> Self {
        match percent {
            ..45 => Self::List,
            45..80 => Self::Product,
            80..90 => Self::Order,
            90..98 => Self::Place,
            _ => Self::Cancel,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::List => "list of 24",
            Self::Product => "product page",
            Self::Order => "order by id",
            Self::Place => "place an order",
            Self::Cancel => "cancel an order",
        }
    }
}

/// A request that was answered in the window: how long it took, and whether as wanted.
struct Answered {
    kind: Kind,
    took: Duration,
    wrong: Option<String>,
}

/// When the window is open.
#[derive(Default)]
struct Course {
    measuring: AtomicBool,
    over: AtomicBool,
}

impl Course {
    /// How long the window was open.
    async fn run(&self, plan: Plan) -> Duration {
        sleep(plan.warm_up).await;
        self.measuring.store(true, Relaxed);
        let begun = Instant::now();
        sleep(plan.window).await;
        self.over.store(true, Relaxed);
        begun.elapsed()
    }

    fn counts(&self) -> bool {
        self.measuring.load(Relaxed) && !self.over.load(Relaxed)
    }
}

pub(crate) async fn measure(programs: &Programs, engine: Engine, plan: Plan) -> Outcome<Mixed> {
    let market = Market::open(programs, Databases::open(engine, &[]).await?, "s", &[]).await?;
    let mut admin = Customer::admin(market.port).await?;
    for product in demo::products(demo::Size::S) {
        admin.set_stock(&product.id.to_string(), UNITS).await?;
    }
    let customers = newcomers(market.port, plan.clients).await?;
    tell(format_args!("{} customers for {} s", plan.clients, plan.window.as_secs()))?;
    let (answered, window) = shop(customers, plan).await?;
    settle(&mut admin).await?;
    let errors = errors(&answered);
    let broken = market.verify().await.err().map(|error| error.to_string());
    let failure = broken.or_else(|| (!errors.is_empty()).then(|| format!("there were errors: {}", counted(&errors))));
    let database_mode = market.databases.mode().await?;
    let databases = market.close().await?;
    tell(format_args!("the same writes on {} alone", engine.name()))?;
    let bare_writes_per_second = write_only(&databases, plan).await?;
    let per_second = |is_counted: &dyn Fn(&&Answered) -> bool| {
        answered.iter().filter(is_counted).count() as f64 / window.as_secs_f64()
    };
    Ok(Mixed {
        engine,
        clients: plan.clients,
        seconds: plan.window.as_secs(),
        warm_up_seconds: plan.warm_up.as_secs(),
        database_mode,
        requests_per_second: per_second(&|_| true),
        orders_per_second: per_second(&|one| one.kind == Kind::Place && one.wrong.is_none()),
        writes_per_second: per_second(&|one| matches!(one.kind, Kind::Place | Kind::Cancel) && one.wrong.is_none()),
        bare_writes_per_second,
        kinds: Kind::ALL.iter().filter_map(|kind| figures(*kind, &answered)).collect(),
        errors,
        failure,
    })
}

fn errors(answered: &[Answered]) -> BTreeMap<String, usize> {
    let mut by_code = BTreeMap::new();
    for code in answered.iter().filter_map(|one| one.wrong.clone()) {
        *by_code.entry(code).or_default() += 1;
    }
    by_code
}

/// `None` where nobody asked for that.
fn figures(kind: Kind, answered: &[Answered]) -> Option<Figures> {
    let mut times: Vec<Duration> = answered.iter().filter(|one| one.kind == kind).map(|one| one.took).collect();
    times.sort_unstable();
    let [p50_ms, p99_ms] = [0.5, 0.99].map(|share| percentile(&times, share).as_secs_f64() * 1e3);
    (!times.is_empty()).then_some(Figures { kind, requests: times.len(), p50_ms, p99_ms })
}

/// Each customer with their next request as soon as the last is answered. A request counts when it is answered in the window.
async fn shop(customers: Vec<Customer>, plan: Plan) -> Outcome<(Vec<Answered>, Duration)> {
    let course = Arc::new(Course::default());
    let popularity = Arc::new(demo::Popularity::of(demo::Size::S.products()));
    let mut clients = JoinSet::new();
    for (number, customer) in customers.into_iter().enumerate() {
        let mut shopper = Shopper {
            customer,
            number,
            orders: Vec::new(),
            placed: 0,
            popularity: popularity.clone(),
            dice: dice(plan.seed, number),
        };
        let course = course.clone();
        clients.spawn(async move {
            let mut answered = Vec::new();
            while !course.over.load(Relaxed) {
                let one = shopper.ask().await?;
                if course.counts() {
                    answered.push(one);
                }
            }
            Outcome::Ok(answered)
        });
    }
    let window = course.run(plan).await;
    let mut all = Vec::new();
    while let Some(client) = clients.join_next().await {
        all.extend(client??);
    }
    Ok((all, window))
}

/// Each client has a stream of its own.
fn dice(seed: u64, client: usize) -> ChaCha8Rng {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    dice.set_stream(client as u64);
    dice
}

struct Shopper {
    customer: Customer,
    number: usize,
    /// Their own, that can be cancelled.
    orders: Vec<String>,
    placed: u64,
    popularity: Arc<demo::Popularity>,
    dice: ChaCha8Rng,
}

impl Shopper {
    /// Who has no order yet looks at a product, or places one, in place of looking at it or cancelling it.
    async fn ask(&mut self) -> Outcome<Answered> {
        let wanted = Kind::of(self.dice.random_range(0..100));
        let product = demo::product(self.popularity.draw(&mut self.dice)).id.to_string();
        let (kind, ask) = match (wanted, self.orders.last()) {
            (Kind::List, _) => (Kind::List, Ask::list(SORTS[self.dice.random_range(0..SORTS.len())])),
            (Kind::Order, Some(order)) => (Kind::Order, Ask::order(order)),
            (Kind::Cancel, Some(order)) => (Kind::Cancel, Ask::cancel(order)),
            (Kind::Product | Kind::Order, _) => (Kind::Product, Ask::product(&product)),
            (Kind::Place | Kind::Cancel, _) => {
                self.placed += 1;
                (Kind::Place, Ask::place(&format!("{}-{}", self.number, self.placed), &product))
            }
        };
        let sent = Instant::now();
        let told = self.customer.ask(&ask).await?;
        let took = sent.elapsed();
        let wrong = match told {
            Ok(data) => self.read(kind, &data),
            Err(code) => Some(code),
        };
        Ok(Answered { kind, took, wrong })
    }

    /// What is wrong with an answer that has no errors.
    fn read(&mut self, kind: Kind, data: &Value) -> Option<String> {
        let (found, expected) = match kind {
            Kind::List => (&data["products"]["nodes"][23]["stock"]["available"], None),
            Kind::Product => (&data["product"]["stock"]["available"], None),
            Kind::Order => (&data["order"]["lines"][0]["product"]["slug"], None),
            Kind::Place => (&data["placeOrder"]["order"]["status"], Some("COMPLETED")),
            Kind::Cancel => (&data["cancelOrder"]["order"]["status"], Some("CANCELLED")),
        };
        match kind {
            Kind::Place => self.orders.extend(data["placeOrder"]["order"]["id"].as_str().map(str::to_owned)),
            Kind::Cancel => drop(self.orders.pop()),
            _ => {}
        }
        let right = expected.map_or(!found.is_null(), |expected| found == expected);
        (!right).then(|| format!("{}: {found}", kind.name()))
    }
}

/// How many a second, of which every fifth cancels what the same client has bought before.
async fn write_only(databases: &Databases, plan: Plan) -> Outcome<f64> {
    let bare = Bare::connect(databases).await?;
    let course = Arc::new(Course::default());
    let popularity = Arc::new(demo::Popularity::of(demo::Size::S.products()));
    let mut clients = JoinSet::new();
    for number in 0..plan.clients {
        let (bare, course, popularity) = (bare.clone(), course.clone(), popularity.clone());
        let mut dice = dice(plan.seed, number);
        clients.spawn(async move {
            let (mut bought, mut count) = (Vec::new(), 0_usize);
            while !course.over.load(Relaxed) {
                let cancels = dice.random_range(0..10) < 2;
                match bought.pop().filter(|_| cancels) {
                    Some(mut purchase) => bare.run(Deed::Cancel, &mut purchase).await?,
                    None => {
                        let mut purchase = bare.purchase(demo::product(popularity.draw(&mut dice)).id);
                        bare.run(Deed::Place, &mut purchase).await?;
                        bought.push(purchase);
                    }
                }
                count += usize::from(course.counts());
            }
            Outcome::Ok(count)
        });
    }
    let window = course.run(plan).await;
    let mut sum = 0;
    while let Some(client) = clients.join_next().await {
        sum += client??;
    }
    Ok(sum as f64 / window.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_hundred_90_browse_8_place_and_2_cancel() {
        let of = |wanted: &[Kind]| (0..100).filter(|percent| wanted.contains(&Kind::of(*percent))).count();
        assert_eq!(of(&[Kind::List, Kind::Product, Kind::Order]), 90);
        assert_eq!((of(&[Kind::Place]), of(&[Kind::Cancel])), (8, 2));
    }

    #[test]
    fn figures_are_of_one_kind_and_errors_are_counted_by_code() {
        let answered = |kind, ms, wrong: Option<&str>| Answered {
            kind,
            took: Duration::from_millis(ms),
            wrong: wrong.map(str::to_owned),
        };
        let all =
            [answered(Kind::List, 1, None), answered(Kind::List, 3, Some("INTERNAL")), answered(Kind::Place, 9, None)];
        let list = figures(Kind::List, &all).unwrap();
        assert_eq!((list.requests, list.p50_ms, list.p99_ms), (2, 1.0, 3.0));
        assert!(figures(Kind::Cancel, &all).is_none());
        assert_eq!(errors(&all), BTreeMap::from([("INTERNAL".to_owned(), 1)]));
    }

    #[test]
    fn clients_of_one_seed_do_different_things_and_the_same_every_time() {
        let draws = |client| dice(7, client).random_range(0..u64::MAX);
        assert_eq!(draws(1), draws(1));
        assert_ne!(draws(1), draws(2));
    }
}

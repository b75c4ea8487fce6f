//! What a purchase and a page cost on PostgreSQL: CPU time of every process, and SQL statements.

use std::time::{Duration, Instant};

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use serde_json::Value;
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{Connection as _, raw_sql};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::customer::{Ask, Customer};
use super::databases::{Databases, Engine};
use super::market::{Market, PROCESSES, Programs, SERVICES};
use crate::process::cpu_of_family;
use crate::{Outcome, tell};

/// What is counted by database.
const COUNT_STATEMENTS: [&str; 2] =
    ["shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track_utility=on"];

/// A connection of PostgreSQL tells its transactions this late when it lies idle (PGSTAT_IDLE_INTERVAL, and some).
const TOLD_WITHIN: Duration = Duration::from_secs(11);

/// Connections that give the large catalogue its stock.
const HELPERS: usize = 16;
const FIRST_STOCK: i64 = 5_000;

/// How often what is done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub seed: u64,
    pub purchases: usize,
    pub pages: usize,
    /// Of either, before anything is measured.
    pub warm_up: usize,
}

/// What one purchase or one page costs in a market of so many products.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Cost {
    pub what: &'static str,
    pub products: u64,
    pub times: usize,
    /// As often, before anything was measured.
    pub warm_up: usize,
    pub seconds: f64,
    /// Of all that happened in that time, background work too, for each time.
    pub spent: Spent,
    /// Of as many seconds in which nobody asked for anything, also for each time.
    pub idle: Spent,
    pub database_mode: String,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Spent {
    /// In the order of [`PROCESSES`].
    pub process_cpu_ms: [f64; 5],
    /// Of the server and all of its children.
    pub postgresql_cpu_ms: f64,
    /// In the order of [`SERVICES`].
    pub statements: [f64; 4],
    /// BEGIN, COMMIT and the like, which are not among the statements.
    pub transaction_control: f64,
    /// Transactions that were committed, single statements too.
    pub commits: f64,
}

pub(crate) const PURCHASE: &str = "a purchase";

impl Cost {
    /// Or a page.
    pub(crate) fn is_purchase(&self) -> bool {
        self.what == PURCHASE
    }
}

impl Spent {
    pub(crate) fn cpu_ms(&self) -> f64 {
        self.process_cpu_ms.iter().sum::<f64>() + self.postgresql_cpu_ms
    }

    pub(crate) fn all_statements(&self) -> f64 {
        self.statements.iter().sum()
    }
}

/// Purchases and pages in a market of 200 products, and in one of 10,000.
pub(crate) async fn measure(programs: &Programs, plan: Plan) -> Outcome<Vec<Cost>> {
    let mut all = Vec::new();
    for (size, catalogue) in [(demo::Size::S, "s"), (demo::Size::M, "m")] {
        let databases = Databases::open(Engine::Postgresql, &COUNT_STATEMENTS).await?;
        let market = Market::open(programs, databases, catalogue, &[]).await?;
        stock_up(market.port, size).await?;
        all.extend(of(&market, size, plan).await?);
        market.verify().await?;
        market.close().await?;
    }
    Ok(all)
}

/// Gives every product a stock that the seed has left without, which is those beyond size S.
async fn stock_up(gateway: u16, size: demo::Size) -> Outcome {
    let mut helpers = JoinSet::new();
    for helper in 0..HELPERS {
        let mut admin = Customer::admin(gateway).await?;
        helpers.spawn(async move {
            for product in demo::products(size).skip(demo::Size::S.products() as usize + helper).step_by(HELPERS) {
                admin.create_stock(&product.id.to_string(), FIRST_STOCK).await?;
            }
            Outcome::Ok(())
        });
    }
    while let Some(helper) = helpers.join_next().await {
        helper??;
    }
    Ok(())
}

async fn of(market: &Market, size: demo::Size, plan: Plan) -> Outcome<[Cost; 2]> {
    let meter = Meter::new(market).await?;
    let database_mode = market.databases.mode().await?;
    let mut customer = Customer::newcomer(market.port, 0).await?;
    let mut visitor = Customer::visitor(market.port).await?;
    let popularity = demo::Popularity::of(size.products());
    let mut dice = ChaCha8Rng::seed_from_u64(plan.seed);
    let mut number = 0_u64;
    let purchase = || {
        number += 1;
        let product = demo::product(popularity.draw(&mut dice)).id;
        Ask::place(&format!("purchase-{number}"), &product.to_string())
    };
    let cost = |what, times, (window, spent, idle): (Duration, Spent, Spent)| Cost {
        what,
        products: size.products(),
        times,
        warm_up: plan.warm_up,
        seconds: window.as_secs_f64(),
        spent,
        idle,
        database_mode: database_mode.clone(),
    };
    tell(format_args!("{} purchases, {} products", plan.purchases, size.products()))?;
    let purchases = meter.measure(&mut customer, purchase, is_completed, plan.warm_up, plan.purchases).await?;
    tell(format_args!("{} pages, {} products", plan.pages, size.products()))?;
    let pages = meter.measure(&mut visitor, Ask::page, is_whole, plan.warm_up, plan.pages).await?;
    Ok([cost(PURCHASE, plan.purchases, purchases), cost("24 products with stock", plan.pages, pages)])
}

fn is_completed(data: &Value) -> bool {
    data["placeOrder"]["order"]["status"] == "COMPLETED"
}

fn is_whole(data: &Value) -> bool {
    let nodes = data["products"]["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    nodes.len() == 24 && nodes.iter().all(|node| node["stock"]["available"].is_number())
}

/// Reads what a market has spent so far.
struct Meter<'a> {
    market: &'a Market,
    server: u32,
    maintenance: &'a PgPool,
}

/// Since the start.
struct Reading {
    processes: [Duration; 5],
    postgresql: Duration,
    statements: [i64; 4],
    transaction_control: i64,
}

impl<'a> Meter<'a> {
    async fn new(market: &'a Market) -> Outcome<Self> {
        let (server, maintenance) = market.databases.server().ok_or("what SQLite does is not counted")?;
        raw_sql("CREATE EXTENSION pg_stat_statements").execute(maintenance).await?;
        for service in SERVICES {
            // As tables are that have been there for a while; else it is done while something is measured, or not.
            let mut database = PgConnection::connect(&market.databases.url(service)).await?;
            raw_sql("VACUUM ANALYZE").execute(&mut database).await?;
            database.close().await?;
        }
        Ok(Self { market, server: server.process, maintenance })
    }

    /// Asks one after another, `times` of them after the warm-up, and then as long for nothing.
    async fn measure(
        &self,
        customer: &mut Customer,
        mut next: impl FnMut() -> Ask,
        is_right: fn(&Value) -> bool,
        warm_up: usize,
        times: usize,
    ) -> Outcome<(Duration, Spent, Spent)> {
        let mut ask = async |times| {
            for _ in 0..times {
                let data = customer.must(&next()).await?;
                if !is_right(&data) {
                    return Err(format!("answered with {data}").into());
                }
            }
            Outcome::Ok(())
        };
        ask(warm_up).await?;
        sleep(TOLD_WITHIN).await;
        let (commits_before, before, begun) = (self.commits().await?, self.read().await?, Instant::now());
        ask(times).await?;
        let (window, after) = (begun.elapsed(), self.read().await?);
        sleep(TOLD_WITHIN).await;
        let (commits_after, still) = (self.commits().await?, self.read().await?);
        sleep(window).await;
        let (commits_idle, idle) = (self.commits().await?, self.read().await?);
        let spent = after.since(&before, commits_after - commits_before, times);
        Ok((window, spent, idle.since(&still, commits_idle - commits_after, times)))
    }

    async fn read(&self) -> Outcome<Reading> {
        const CALLS: &str = r"
            SELECT datname::text, query ~* '^\s*(begin|start|commit|rollback|savepoint|release)', sum(calls)::bigint
            FROM pg_stat_statements JOIN pg_database ON oid = dbid GROUP BY 1, 2";
        let (processes, postgresql) = (self.market.cpu()?, cpu_of_family(self.server)?);
        let calls: Vec<(String, bool, i64)> = sqlx::query_as(CALLS).fetch_all(self.maintenance).await?;
        let ours = calls.iter().filter(|(database, ..)| SERVICES.contains(&database.as_str()));
        let transaction_control = ours.filter(|(_, control, _)| *control).map(|(.., calls)| calls).sum();
        let statements = SERVICES.map(|service| {
            let of_service = calls.iter().filter(|(database, control, _)| database == service && !control);
            of_service.map(|(.., calls)| calls).sum()
        });
        Ok(Reading { processes, postgresql, statements, transaction_control })
    }

    async fn commits(&self) -> Outcome<i64> {
        const COMMITS: &str = "SELECT sum(xact_commit)::bigint FROM pg_stat_database WHERE datname = ANY($1)";
        Ok(sqlx::query_scalar(COMMITS).bind(SERVICES.as_slice()).fetch_one(self.maintenance).await?)
    }
}

impl Reading {
    /// What came to it, for each of so many times.
    fn since(&self, before: &Self, commits: i64, times: usize) -> Spent {
        let each = |sum: f64| sum / times as f64;
        let milliseconds = |after: Duration, before: Duration| each(after.saturating_sub(before).as_secs_f64() * 1e3);
        let mut spent = Spent {
            postgresql_cpu_ms: milliseconds(self.postgresql, before.postgresql),
            transaction_control: each((self.transaction_control - before.transaction_control) as f64),
            commits: each(commits as f64),
            ..Spent::default()
        };
        for place in 0..PROCESSES.len() {
            spent.process_cpu_ms[place] = milliseconds(self.processes[place], before.processes[place]);
        }
        for place in 0..SERVICES.len() {
            spent.statements[place] = each((self.statements[place] - before.statements[place]) as f64);
        }
        spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_is_the_difference_for_each_time() {
        let reading = |milliseconds, calls| Reading {
            processes: [Duration::from_millis(milliseconds); 5],
            postgresql: Duration::from_millis(2 * milliseconds),
            statements: [calls; 4],
            transaction_control: calls,
        };
        let spent = reading(1_100, 70).since(&reading(100, 50), 30, 10);
        assert_eq!((spent.cpu_ms(), spent.all_statements()), (700.0, 8.0));
        assert_eq!((spent.transaction_control, spent.commits), (2.0, 3.0));
    }
}

//! What was measured in the market, for people and for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cost::{Cost, Spent};
use super::flash_sale::{FlashSale, Rush};
use super::market::{PROCESSES, SERVICES};
use super::mixed::Mixed;
use crate::Outcome;
use crate::report::{Machine, Table};

/// What a purchase and a page are meant to cost at most.
const TARGETS: [Costs; 2] = [Costs { cpu_ms: "12", statements: "35" }, Costs { cpu_ms: "2", statements: "2" }];

/// A comparison that is not measured here: Vendure 3.7.3 on PostgreSQL, as told in `docs/performance.md`.
const VENDURE: [Costs; 2] = [Costs { cpu_ms: "120–135", statements: "263" }, Costs { cpu_ms: "72", statements: "87" }];

struct Costs {
    cpu_ms: &'static str,
    statements: &'static str,
}

/// Everything of one run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// UTC.
    pub date: String,
    pub machine: Machine,
    /// Of the source of what was measured.
    pub commit: String,
    pub seed: u64,
    pub costs: Vec<Cost>,
    pub flash_sales: Vec<FlashSale>,
    pub mixed: Vec<Mixed>,
    /// Parts of which there is nothing to tell but why.
    pub failed: Vec<String>,
}

impl Report {
    /// What a part has measured; why it has not is told at the end, after the other parts.
    pub(crate) fn kept<T>(&mut self, part: &str, outcome: Outcome<T>) -> Option<T> {
        outcome.map_err(|error| self.failed.push(format!("{part}: {error}"))).ok()
    }

    /// Tables in Markdown that read well as they stand.
    pub(crate) fn to_markdown(&self) -> String {
        let Machine { cpu, cores, system } = &self.machine;
        let mut text =
            format!("{}, {cores} cores of {cpu}, {system}, {}; seed {}.\n", self.date, self.commit, self.seed);
        let parts = [
            (self.costs(), self.how_costs_were_measured()),
            (self.flash_sales(), self.how_flash_sales_went()),
            (self.mixed(), self.how_the_mixed_load_was_put_on()),
            (self.kinds(), String::new()),
        ];
        for (table, how) in parts.iter().filter(|(table, _)| !table.is_empty()) {
            text.push_str(&format!("\n{}{how}", table.to_markdown()));
        }
        text
    }

    fn how_costs_were_measured(&self) -> String {
        let modes = modes(self.costs.iter().map(|cost| &cost.database_mode));
        let [Cost { times: purchases, warm_up, .. }, Cost { times: pages, .. }, ..] = &self.costs[..] else {
            return modes;
        };
        format!("\n{purchases} purchases and {pages} pages by one client in turn, after {warm_up} of each. {modes}")
    }

    fn how_flash_sales_went(&self) -> String {
        let modes = modes(self.flash_sales.iter().map(|sale| &sale.database_mode));
        let Some(FlashSale { units, attempts, clients, .. }) = self.flash_sales.first() else { return modes };
        format!("\n{attempts} attempts at {units} units by {clients} clients. {modes}")
    }

    fn how_the_mixed_load_was_put_on(&self) -> String {
        let modes = modes(self.mixed.iter().map(|mixed| &mixed.database_mode));
        let Some(Mixed { clients, seconds, warm_up_seconds, .. }) = self.mixed.first() else { return modes };
        format!("\n{clients} clients for {seconds} s, after {warm_up_seconds} s. {modes}")
    }

    /// What must not be, a line for each.
    pub(crate) fn failures(&self) -> Vec<String> {
        let sales = self
            .flash_sales
            .iter()
            .filter_map(|sale| Some(format!("flash sale on {}: {}", sale.engine.name(), sale.failure.as_ref()?)));
        let mixed = self
            .mixed
            .iter()
            .filter_map(|mixed| Some(format!("mixed load on {}: {}", mixed.engine.name(), mixed.failure.as_ref()?)));
        sales.chain(mixed).chain(self.failed.iter().cloned()).collect()
    }

    fn costs(&self) -> Table {
        let titles: Vec<String> =
            self.costs.iter().map(|cost| format!("{}, {} products", cost.what, cost.products)).collect();
        let mut header = vec!["on PostgreSQL, one client".to_owned()];
        header.extend(titles.iter().flat_map(|title| [format!("{title}: CPU ms"), "statements".to_owned()]));
        let mut table = Table::new(&header.iter().map(String::as_str).collect::<Vec<_>>());
        if self.costs.is_empty() {
            return table;
        }
        let mut row = |name: &str, cells: &dyn Fn(&Cost) -> [String; 2]| {
            let cells = self.costs.iter().flat_map(cells);
            table.push([name.to_owned()].into_iter().chain(cells).collect());
        };
        for (place, process) in PROCESSES.iter().enumerate() {
            let statements = |spent: &Spent| {
                let database = SERVICES.iter().position(|service| service == process);
                database.and_then(|at| spent.statements.get(at)).copied().unwrap_or_default()
            };
            row(process, &|cost| {
                [
                    figure(cost.spent.process_cpu_ms.get(place).copied().unwrap_or_default()),
                    figure(statements(&cost.spent)),
                ]
            });
        }
        row("PostgreSQL", &|cost| [figure(cost.spent.postgresql_cpu_ms), String::new()]);
        row("together", &|cost| [figure(cost.spent.cpu_ms()), figure(cost.spent.all_statements())]);
        row("of that, with nobody asking", &|cost| [figure(cost.idle.cpu_ms()), figure(cost.idle.all_statements())]);
        row("BEGIN, COMMIT, ROLLBACK", &|cost| [String::new(), figure(cost.spent.transaction_control)]);
        row("transactions", &|cost| [String::new(), figure(cost.spent.commits)]);
        row("meant to be at most", &|cost| told(&TARGETS, cost));
        row("Vendure 3.7.3", &|cost| told(&VENDURE, cost));
        table
    }

    fn flash_sales(&self) -> Table {
        let mut table = Table::new(&[
            "flash sale",
            "",
            "orders/s",
            "attempts/s",
            "p50 ms",
            "p99 ms",
            "sold",
            "left",
            "other answers",
        ]);
        for sale in &self.flash_sales {
            let engine = sale.engine.name().to_owned();
            let Rush { attempts_per_second, orders_per_second, .. } = sale.market;
            let market = [engine.clone(), "market".to_owned()].into_iter().chain(rush(&sale.market));
            table.push(market.chain([sale.sold.to_string(), sale.left.to_string(), counted(&sale.others)]).collect());
            table.push([engine.clone(), "bare database".to_owned()].into_iter().chain(rush(&sale.bare)).collect());
            let ratios = [
                ratio(orders_per_second, sale.bare.orders_per_second),
                ratio(attempts_per_second, sale.bare.attempts_per_second),
            ];
            table.push([engine, "market : bare".to_owned()].into_iter().chain(ratios).collect());
        }
        table
    }

    fn mixed(&self) -> Table {
        let mut table = Table::new(&[
            "mixed load",
            "requests/s",
            "orders/s",
            "writes/s",
            "writes/s, bare database",
            "market : bare",
            "errors",
        ]);
        for mixed in &self.mixed {
            table.push(vec![
                mixed.engine.name().to_owned(),
                rounded(mixed.requests_per_second),
                rounded(mixed.orders_per_second),
                rounded(mixed.writes_per_second),
                rounded(mixed.bare_writes_per_second),
                ratio(mixed.writes_per_second, mixed.bare_writes_per_second),
                counted(&mixed.errors),
            ]);
        }
        table
    }

    fn kinds(&self) -> Table {
        let mut table = Table::new(&["mixed load", "request", "answered", "p50 ms", "p99 ms"]);
        for mixed in &self.mixed {
            for figures in &mixed.kinds {
                table.push(vec![
                    mixed.engine.name().to_owned(),
                    figures.kind.name().to_owned(),
                    figures.requests.to_string(),
                    figure(figures.p50_ms),
                    figure(figures.p99_ms),
                ]);
            }
        }
        table
    }
}

/// Each once, in a sentence.
fn modes<'a>(modes: impl Iterator<Item = &'a String>) -> String {
    let mut different: Vec<&str> = modes.map(String::as_str).collect();
    different.dedup();
    format!("{}.\n", different.join("; "))
}

/// The first is of a purchase, the second of a page.
fn told(costs: &[Costs; 2], cost: &Cost) -> [String; 2] {
    let [purchase, page] = costs;
    let Costs { cpu_ms, statements } = if cost.is_purchase() { purchase } else { page };
    [(*cpu_ms).to_owned(), (*statements).to_owned()]
}

/// `INTERNAL: 1, PENDING: 2`.
pub(super) fn counted(by_code: &BTreeMap<String, usize>) -> String {
    let all: Vec<String> = by_code.iter().map(|(code, count)| format!("{code}: {count}")).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

fn rush(rush: &Rush) -> [String; 4] {
    [rounded(rush.orders_per_second), rounded(rush.attempts_per_second), figure(rush.p50_ms), figure(rush.p99_ms)]
}

fn ratio(ours: f64, bare: f64) -> String {
    format!("{:.2}", ours / bare)
}

fn figure(value: f64) -> String {
    format!("{value:.2}")
}

fn rounded(value: f64) -> String {
    format!("{value:.0}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mercado::databases::Engine;

    fn report() -> Report {
        let machine = Machine { cpu: "Z80".into(), cores: 1, system: "Linux".into() };
        Report {
            date: "2026-01-01".into(),
            machine,
            commit: "abc".into(),
            seed: 7,
            costs: vec![],
            flash_sales: vec![],
            mixed: vec![],
            failed: vec![],
        }
    }

    fn sale() -> FlashSale {
        let rush =
            |attempts_per_second| Rush { attempts_per_second, orders_per_second: 10.0, p50_ms: 1.0, p99_ms: 2.0 };
        FlashSale {
            engine: Engine::Sqlite,
            units: 2,
            attempts: 5,
            clients: 3,
            database_mode: "SQLite".into(),
            market: rush(20.0),
            bare: rush(80.0),
            sold: 3,
            left: 0,
            others: BTreeMap::from([("PENDING".to_owned(), 1)]),
            failure: Some("3 were sold in place of 2".into()),
        }
    }

    #[test]
    fn a_flash_sale_stands_above_the_bare_database_and_their_ratio() {
        let report = Report { flash_sales: vec![sale()], ..report() };
        assert_eq!(
            report.to_markdown(),
            "\
2026-01-01, 1 cores of Z80, Linux, abc; seed 7.

| flash sale |               | orders/s | attempts/s | p50 ms | p99 ms | sold | left | other answers |
| :--------- | :------------ | -------: | ---------: | -----: | -----: | ---: | ---: | :------------ |
| SQLite     | market        |       10 |         20 |   1.00 |   2.00 |    3 |    0 | PENDING: 1    |
| SQLite     | bare database |       10 |         80 |   1.00 |   2.00 |      |      |               |
| SQLite     | market : bare |     1.00 |       0.25 |        |        |      |      |               |

5 attempts at 2 units by 3 clients. SQLite.
"
        );
    }

    #[test]
    fn whatever_must_not_be_is_told_and_so_is_what_was_not_measured() {
        let mut report = Report { flash_sales: vec![sale()], ..report() };
        assert_eq!(report.kept("cost", Ok(1)), Some(1));
        assert_eq!(report.kept::<()>("cost", Err("no server".into())), None);
        assert_eq!(report.failures(), ["flash sale on SQLite: 3 were sold in place of 2", "cost: no server"]);
    }

    #[test]
    fn targets_and_the_comparison_stand_below_what_was_measured() {
        let cost = |what, products| Cost {
            what,
            products,
            times: 10,
            warm_up: 1,
            seconds: 1.0,
            spent: Spent { process_cpu_ms: [1.0; 5], statements: [0.0, 1.0, 2.0, 3.0], ..Spent::default() },
            idle: Spent::default(),
            database_mode: "PostgreSQL".into(),
        };
        let costs = vec![cost(super::super::cost::PURCHASE, 200), cost("a page", 200)];
        let text = Report { costs, ..report() }.to_markdown();
        let row = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(&format!("| {name} "))).unwrap();
            line.split('|')
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
                .skip(1)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(row("orders"), ["1.00", "3.00", "1.00", "3.00"]);
        assert_eq!(row("gateway"), ["1.00", "0.00", "1.00", "0.00"]);
        assert_eq!(row("together"), ["5.00", "6.00", "5.00", "6.00"]);
        assert_eq!(row("meant to be at most"), ["12", "35", "2", "2"]);
        assert_eq!(row("Vendure 3.7.3"), ["120–135", "263", "72", "87"]);
    }
}

//! The market itself, as five processes: what a purchase and a page cost, and how much it bears beside the bare database.

mod databases;
mod market;
mod customer;
mod cost;
mod script;
mod bare;
mod flash_sale;
mod mixed;
mod statements;
mod report;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::Outcome;
use crate::report::{Machine, save, write_section};
use databases::Engine;
use market::Programs;
use report::Report;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// What a purchase and a page of 24 products cost on PostgreSQL.
    Cost,
    /// Many more buyers than units, on both databases.
    FlashSale,
    /// Browsing, buying and cancelling, on both databases.
    Mixed,
    /// Only print the statements of a purchase, as PostgreSQL logs them.
    Statements,
}

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// All but `statements` when none is named.
    parts: Vec<Part>,
    /// A folder with auth, gateway, inventory, mercado, orders and products; otherwise they are built first.
    #[arg(long, value_name = "FOLDER")]
    programs: Option<PathBuf>,
    /// What is bought and asked for, and by whom, follows from it.
    #[arg(long, default_value_t = 2026)]
    seed: u64,
    /// Only this database for the flash sale and the mixed load.
    #[arg(long)]
    database: Option<Engine>,
    /// Customers at once in the flash sale and the mixed load.
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Cost: how many are measured.
    #[arg(long, default_value_t = 1_000)]
    purchases: usize,
    /// Cost: how many are measured.
    #[arg(long, default_value_t = 2_000)]
    pages: usize,
    /// Cost: purchases and pages before those.
    #[arg(long, default_value_t = 200)]
    before: usize,
    /// Flash sale.
    #[arg(long, default_value_t = 100)]
    units: usize,
    /// Flash sale.
    #[arg(long, default_value_t = 10_000)]
    attempts: usize,
    /// Mixed load: seconds that are measured.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Mixed load: seconds before those.
    #[arg(long, default_value_t = 5)]
    warm_up: u64,
    /// Where all figures go.
    #[arg(long, value_name = "FILE", default_value = "target/bench-market.json")]
    json: PathBuf,
    /// Put the tables into docs/performance.md.
    #[arg(long, conflicts_with_all = ["parts", "database"])]
    write_docs: bool,
}

impl Arguments {
    /// # Errors
    /// Also when something was sold twice or not at all, or another rule of the market is broken; the figures are shown
    /// all the same.
    pub(crate) async fn run(self) -> Outcome {
        let programs = Programs::in_folder(self.programs.clone())?;
        if self.parts.contains(&Part::Statements) {
            return Ok(write!(std::io::stdout(), "{}", statements::of_one_purchase(&programs).await?)?);
        }
        let report = self.measure(&programs).await;
        write!(std::io::stdout(), "{}", report.to_markdown())?;
        save(&report, &self.json)?;
        let failures = report.failures();
        if !failures.is_empty() {
            return Err(failures.join("\n").into());
        }
        if self.write_docs {
            write_section(Path::new("docs"), "market", &report.to_markdown())?;
        }
        Ok(())
    }

    async fn measure(&self, programs: &Programs) -> Report {
        let wanted = |part| self.parts.is_empty() || self.parts.contains(&part);
        let mut report = Report {
            date: chrono::Utc::now().format("%Y-%m-%d %H:%M").to_string(),
            machine: Machine::this(),
            commit: programs.commit.clone(),
            seed: self.seed,
            costs: Vec::new(),
            flash_sales: Vec::new(),
            mixed: Vec::new(),
            failed: Vec::new(),
        };
        if wanted(Part::Cost) {
            report.costs = report.kept("cost", cost::measure(programs, self.cost()).await).unwrap_or_default();
        }
        for engine in [Engine::Sqlite, Engine::Postgresql] {
            let this_one = self.database.is_none_or(|only| only == engine);
            if this_one && wanted(Part::FlashSale) {
                let sale = flash_sale::measure(programs, engine, self.flash_sale()).await;
                let sale = report.kept("flash sale", sale);
                report.flash_sales.extend(sale);
            }
            if this_one && wanted(Part::Mixed) {
                let mixed = mixed::measure(programs, engine, self.mixed()).await;
                let mixed = report.kept("mixed load", mixed);
                report.mixed.extend(mixed);
            }
        }
        report
    }

    fn cost(&self) -> cost::Plan {
        cost::Plan { seed: self.seed, purchases: self.purchases, pages: self.pages, warm_up: self.before }
    }

    fn flash_sale(&self) -> flash_sale::Plan {
        let Self { seed, units, attempts, clients, .. } = *self;
        flash_sale::Plan { seed, units, attempts, clients }
    }

    fn mixed(&self) -> mixed::Plan {
        let seconds = Duration::from_secs;
        mixed::Plan {
            seed: self.seed,
            clients: self.clients,
            warm_up: seconds(self.warm_up),
            window: seconds(self.seconds),
        }
    }
}

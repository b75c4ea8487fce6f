use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command as Program;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use service::shutdown::Shutdown;

use crate::contender::Contender;
use crate::federation::{Row, compare};
use crate::load::Load;
use crate::market::Market;
use crate::report::{Machine, Report, chart, method, save, write_docs};
use crate::workload::{WORKLOADS, Workload};
use crate::{Outcome, cold_start, floor, mercado, plans, subgraphs};

/// Measures the gateway beside a floor and any peers, on four subgraphs of its own.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Everything: all workloads, operations never seen before, and starts.
    Federation {
        #[command(flatten)]
        options: Options,
        #[command(flatten)]
        load: LoadOptions,
        /// Only this workload (a, b, c, d, flat, list, slow, poison). Can be given several times.
        #[arg(long, value_name = "WORKLOAD")]
        only: Vec<String>,
        /// Write docs/performance.md and draw docs/performance.svg.
        #[arg(long, conflicts_with = "only")]
        write_docs: bool,
    },
    /// Only the operations never seen before.
    Plans(Options),
    /// Only the time from start to first answer.
    ColdStart(Options),
    /// The market: what a purchase and a page cost, a flash sale, and a mixed load, beside the bare database.
    Market(mercado::Arguments),
    /// The four subgraphs, until ended; their ports are told on standard output.
    Subgraphs {
        /// Of accounts, inventory, products and reviews; 0 lets the system choose.
        #[arg(long, value_delimiter = ',', default_values_t = [0; 4])]
        ports: Vec<u16>,
    },
    /// A server that answers at once, until ended.
    Floor {
        #[arg(long)]
        port: u16,
        /// Bytes of each answer.
        #[arg(long)]
        size: usize,
    },
}

#[derive(Debug, Args)]
struct Options {
    /// Measure this command as well. It may contain {supergraph}, {port} and {mode}; what {mode} becomes is told in
    /// bench/README.md. Can be given several times.
    #[arg(long = "peer", value_name = "NAME=COMMAND", value_parser = peer)]
    peers: Vec<Contender>,
    /// This gateway; otherwise one is built first.
    #[arg(long, value_name = "FILE")]
    gateway: Option<PathBuf>,
    /// Where all figures go.
    #[arg(long, value_name = "FILE", default_value = "target/bench.json")]
    json: PathBuf,
}

#[derive(Debug, Args)]
struct LoadOptions {
    #[arg(long, default_value_t = 50)]
    connections: usize,
    /// Seconds that are measured.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Seconds before those.
    #[arg(long, default_value_t = 3)]
    warm_up: u64,
    #[arg(long, default_value_t = 1)]
    rounds: usize,
}

fn peer(text: &str) -> Result<Contender, String> {
    let (name, command) = text.split_once('=').ok_or("a peer is NAME=COMMAND")?;
    Ok(Contender::Peer { name: name.to_owned(), command: command.to_owned() })
}

/// Which parts of the benchmark run.
#[derive(Default)]
struct Parts {
    workloads: Option<(Vec<&'static Workload>, LoadOptions)>,
    plans: bool,
    starts: bool,
    docs: bool,
}

impl Cli {
    pub(crate) fn run(self) -> Outcome {
        match self.command {
            Command::Federation { options, load, only, write_docs } => {
                let whole = only.is_empty();
                let wanted = |workload: &&Workload| whole || only.iter().any(|key| key == workload.key);
                let workloads = WORKLOADS.iter().filter(wanted).collect();
                let workloads = Some((workloads, load));
                options.run(&Parts { workloads, plans: whole, starts: whole, docs: write_docs })
            }
            Command::Plans(options) => options.run(&Parts { plans: true, ..Parts::default() }),
            Command::ColdStart(options) => options.run(&Parts { starts: true, ..Parts::default() }),
            Command::Market(arguments) => on_one_thread(arguments.run()),
            Command::Subgraphs { ports } => {
                let ports = ports.try_into().map_err(|_| "there are four subgraphs")?;
                service::runtime::block_on(subgraphs::serve(ports))?
            }
            Command::Floor { port, size } => service::runtime::block_on(floor::serve(port, size))?,
        }
    }
}

impl Options {
    fn run(self, parts: &Parts) -> Outcome {
        on_one_thread(self.measure(parts))
    }

    async fn measure(self, parts: &Parts) -> Outcome {
        let (binary, version) = match &self.gateway {
            Some(binary) => (binary.clone(), version(binary)?),
            None => built_gateway()?,
        };
        let market = Market::open(&binary).await?;
        let contenders: Vec<_> =
            [Contender::Gateway { binary }].into_iter().chain(self.peers.iter().cloned()).collect();
        let report = Report {
            date: chrono::Utc::now().format("%Y-%m-%d %H:%M").to_string(),
            machine: Machine::this(),
            version,
            method: parts.workloads.as_ref().map(|(_, load)| method(load.load(), load.rounds)),
            rows: match &parts.workloads {
                Some((workloads, load)) => load.put_on(&contenders, workloads, &market).await?,
                None => Vec::new(),
            },
            plans: if parts.plans { plans::measure(&contenders, &market).await? } else { Vec::new() },
            starts: if parts.starts { cold_start::measure(&contenders, &market).await? } else { Vec::new() },
        };
        write!(std::io::stderr(), "{}", report.failures())?;
        write!(std::io::stdout(), "{}", report.to_markdown())?;
        save(&report, &self.json)?;
        if parts.docs {
            write_docs(Path::new("docs"), &report.to_markdown(), &chart(&report.rows))?;
        }
        Ok(())
    }
}

/// As much as possible being left to those who are measured. Stopped by a signal it ends all that it has started.
fn on_one_thread(measuring: impl Future<Output = Outcome>) -> Outcome {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let shutdown = Shutdown::on_signals();
        tokio::select! {
            outcome = measuring => outcome,
            () = shutdown.requested() => Err("stopped".into()),
        }
    })
}

impl LoadOptions {
    async fn put_on(
        &self,
        contenders: &[Contender],
        workloads: &[&'static Workload],
        market: &Market,
    ) -> Outcome<Vec<Row>> {
        let mut rows = Vec::new();
        for workload in workloads {
            rows.extend(compare(contenders, workload, market, self.load(), self.rounds).await?);
        }
        Ok(rows)
    }

    fn load(&self) -> Load {
        Load {
            connections: self.connections,
            warm_up: Duration::from_secs(self.warm_up),
            window: Duration::from_secs(self.seconds),
        }
    }
}

/// Builds the gateway as it is deployed. Its version tells its source too, in a checkout.
fn built_gateway() -> Outcome<(PathBuf, String)> {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    if !Program::new(cargo)
        .args(["build", "--profile", "dist", "--locked", "--package", "gateway", "--features", "jemalloc"])
        .status()?
        .success()
    {
        return Err("the gateway cannot be built".into());
    }
    let own = std::env::current_exe()?;
    let binary = own.ancestors().nth(2).ok_or("not where cargo puts what it builds")?.join("dist/gateway");
    let source = said(Program::new("git").args(["describe", "--always", "--dirty"])).unwrap_or_default();
    let version = format!("{} {source}", version(&binary)?).trim().to_owned();
    Ok((binary, version))
}

fn version(gateway: &Path) -> Outcome<String> {
    Ok(said(Program::new(gateway).arg("--version")).ok_or("the gateway cannot be run")?)
}

fn said(command: &mut Program) -> Option<String> {
    Some(String::from_utf8_lossy(&command.output().ok()?.stdout).trim().to_owned())
}

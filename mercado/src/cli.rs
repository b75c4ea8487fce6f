use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use inventory::Inventory;
use mercado::{Databases, Market, MarketError, MarketSettings, Ports};
use orders::Orders;
use service::{
    runtime,
    shutdown::Shutdown,
    telemetry::{self, TelemetrySettings},
};
use subgraph::{Database, DatabaseSettings, audit::report, boot::Size};

/// The demo accounts' password. They exist in this launcher only, which listens on loopback only.
const DEMO_PASSWORD: &str = "mercado-demo-2026";

/// The whole market on this machine: four subgraphs and the gateway, with demo data, on embedded databases.
#[derive(Parser)]
#[command(name = "mercado", version)]
struct Cli {
    /// Folder of the databases; made when missing.
    #[arg(long, default_value = "data")]
    data: PathBuf,
    #[arg(long, default_value_t = 4000)]
    gateway_port: u16,
    #[arg(long, default_value_t = 8000)]
    auth_port: u16,
    #[arg(long, default_value_t = 8001)]
    products_port: u16,
    #[arg(long, default_value_t = 8002)]
    inventory_port: u16,
    #[arg(long, default_value_t = 8003)]
    orders_port: u16,
    /// What to log, as in `info,orders=debug`.
    #[arg(long, default_value = "warn", env = "RUST_LOG")]
    log: String,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Compare the databases of orders and inventory, which may be in use, and say what breaks a rule.
    Verify {
        /// Instead of that in `--data`: `sqlite://PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`.
        #[arg(long)]
        orders_database_url: Option<String>,
        /// As for orders.
        #[arg(long)]
        inventory_database_url: Option<String>,
    },
}

pub(crate) fn main() -> ExitCode {
    match runtime::block_on(run(Cli::parse())) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => runtime::report(error.as_ref()),
        Err(error) => runtime::report(&error),
    }
}

async fn run(cli: Cli) -> Result<(), Box<dyn std::error::Error>> {
    telemetry::init("mercado", &TelemetrySettings { filter: cli.log.clone(), ..TelemetrySettings::default() })?;
    if let Some(Command::Verify { orders_database_url, inventory_database_url }) = cli.command {
        let here = Databases::Embedded(cli.data);
        let orders = orders_database_url.unwrap_or_else(|| here.url::<Orders>());
        let inventory = inventory_database_url.unwrap_or_else(|| here.url::<Inventory>());
        return verify(orders, inventory).await;
    }
    let shutdown = Shutdown::on_signals();
    let market = open(&cli, shutdown.clone()).await?;
    greet(&market)?;
    shutdown.requested().await;
    writeln!(io::stdout(), "Stopping: finishing what is under way.")?;
    market.stop().await;
    Ok(())
}

async fn verify(orders: String, inventory: String) -> Result<(), Box<dyn std::error::Error>> {
    let database = |url| DatabaseSettings { url, ..DatabaseSettings::default() };
    let orders = Database::connect(&database(orders)).await?;
    let inventory = Database::connect(&database(inventory)).await?;
    Ok(report(&mercado::verify(&orders, &inventory).await?)?)
}

async fn open(cli: &Cli, shutdown: Shutdown) -> Result<Market, MarketError> {
    let settings = MarketSettings {
        ports: Ports {
            gateway: cli.gateway_port,
            auth: cli.auth_port,
            products: cli.products_port,
            inventory: cli.inventory_port,
            orders: cli.orders_port,
        },
        seed: Some(Size::S),
        demo_password: Some(DEMO_PASSWORD.into()),
        ..MarketSettings::embedded(&cli.data)
    };
    Market::start(settings, shutdown).await
}

fn greet(market: &Market) -> io::Result<()> {
    let gateway = market.gateway.address;
    writeln!(
        io::stdout(),
        "\n\
         The market is open. Ctrl-C closes it.\n\
         \n\
         GraphiQL   http://{gateway}/\n\
         GraphQL    http://{gateway}/graphql\n\
         auth       http://{}/graphql\n\
         products   http://{}/graphql\n\
         inventory  http://{}/graphql\n\
         orders     http://{}/graphql\n\
         \n\
         Demo accounts, all with the password {DEMO_PASSWORD}:\n\
         admin@mercado.test  staff@mercado.test  shopper@mercado.test\n",
        market.auth.address,
        market.products.address,
        market.inventory.address,
        market.orders.address,
    )
}

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use serde::Serialize;
use service::{config, health::probe, runtime, shutdown::Shutdown, telemetry};

use super::{BootError, Size, Subgraph, SubgraphSettings, start};
use crate::{Database, audit::report};

#[derive(Parser)]
struct Cli {
    /// Settings file (TOML or YAML).
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args, Serialize)]
struct Flags {
    /// Address and port to listen on.
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<String>,
    #[command(flatten)]
    database: DatabaseFlags,
}

#[derive(Args, Serialize)]
struct DatabaseFlags {
    /// `sqlite://PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`.
    #[arg(long = "database-url", global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the subgraph.
    Serve,
    /// Bring the database's schema up to date.
    Migrate,
    /// Print the subgraph's schema (SDL).
    Schema,
    /// Ask a running service whether it is ready, at its `listen` address; for orchestrators.
    Healthcheck,
    /// Look for rows that break a rule, and say which; fails where there are any.
    Verify,
    /// Fill an empty database with demo data.
    Seed {
        #[arg(long, value_enum, default_value = "s")]
        size: SizeFlag,
    },
}

#[derive(Copy, Clone, ValueEnum)]
enum SizeFlag {
    S,
    M,
    L,
}

impl From<SizeFlag> for Size {
    fn from(size: SizeFlag) -> Self {
        match size {
            SizeFlag::S => Self::S,
            SizeFlag::M => Self::M,
            SizeFlag::L => Self::L,
        }
    }
}

/// A subgraph's `main`: reads the command line and the settings, runs the command, and says on
/// standard error why it could not.
pub fn main<S: Subgraph>() -> ExitCode {
    let command = Cli::command().name(S::NAME).about(format!("The Mercado subgraph `{}`", S::NAME));
    let cli = match Cli::from_arg_matches(&command.get_matches()) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    match runtime::block_on(run::<S>(cli)) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => runtime::report(&error),
        Err(error) => runtime::report(&error),
    }
}

async fn run<S: Subgraph>(cli: Cli) -> Result<(), BootError> {
    if matches!(cli.command, Command::Schema) {
        return Ok(std::io::stdout().write_all(S::sdl().as_bytes())?);
    }
    let settings: SubgraphSettings<S> = config::load(cli.config.as_deref(), &S::NAME.to_uppercase(), &cli.flags)?;
    telemetry::init(S::NAME, &settings.telemetry)?;
    match cli.command {
        Command::Serve => serve::<S>(settings).await,
        Command::Migrate => migrated::<S>(&settings).await.map(drop),
        Command::Seed { size } => S::seed(&migrated::<S>(&settings).await?, size.into()).await,
        Command::Verify => verify::<S>(&settings).await,
        Command::Healthcheck => Ok(probe(&format!("http://{}/ready", settings.listen)).await?),
        Command::Schema => Ok(()),
    }
}

async fn serve<S: Subgraph>(settings: SubgraphSettings<S>) -> Result<(), BootError> {
    let running = start::<S>(settings, Shutdown::on_signals()).await?;
    if let Err(error) = running.task.await {
        tracing::error!(%error, "server ended badly");
    }
    Ok(running.database.close().await?)
}

async fn verify<S: Subgraph>(settings: &SubgraphSettings<S>) -> Result<(), BootError> {
    report(&S::verify(&Database::connect(&settings.database).await?).await?)
}

async fn migrated<S: Subgraph>(settings: &SubgraphSettings<S>) -> Result<Database, BootError> {
    let database = Database::connect(&settings.database).await?;
    database.migrate::<S::Migrator>().await?;
    Ok(database)
}

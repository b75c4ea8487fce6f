//! Measures the gateway, a floor beneath every gateway, and any peer, side by side on one machine; and the whole market beside the
//! bare database.

mod cli;
mod subgraphs;
mod floor;
mod process;
mod connection;
mod market;
mod contender;
mod workload;
mod load;
mod measure;
mod federation;
mod plans;
mod cold_start;
mod mercado;
mod statistics;
mod report;

use std::fmt::Arguments;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use service::runtime::report as told;

/// For people who read a terminal: every error is only shown.
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => told(&*error),
    }
}

/// To whoever waits, on standard error.
pub(crate) fn tell(what: Arguments<'_>) -> Outcome {
    Ok(writeln!(std::io::stderr(), "{what}")?)
}

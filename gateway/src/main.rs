//! The gateway as a process of its own.

mod cli;

use std::process::ExitCode;

use clap::Parser;
use service::runtime::{block_on, report};

fn main() -> ExitCode {
    match block_on(cli::Cli::parse().run()) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => report(&*error),
        Err(error) => report(&error),
    }
}

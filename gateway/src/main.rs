//! The gateway as a process of its own.

mod cli;

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use service::runtime::{block_on, report};

/// Allocation and release took a tenth of the time of a deep query with the system's; `docs/performance.md` has what that costs.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match block_on(cli::Cli::parse().run()) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => report(&*error),
        Err(error) => report(&error),
    }
}

//! The gateway as a process of its own.

mod cli;

use std::process::ExitCode;

use clap::Parser;
use service::runtime::{block_on, report};

/// Allocation and release took a tenth of the time of a deep query with the system's.
#[cfg(not(feature = "jemalloc"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// As fast, and gives memory back sooner; `docs/performance.md` has both.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match block_on(cli::Cli::parse().run()) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => report(&*error),
        Err(error) => report(&error),
    }
}

//! `mercado`: the whole market on this machine, for trying it out.

mod cli;

use std::process::ExitCode;

/// Faster than the system's; `docs/performance.md` has figures.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main()
}

//! The process of the subgraph `inventory`.

use std::process::ExitCode;

/// Faster than the system's; `docs/performance.md` has figures.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    subgraph::boot::main::<inventory::Inventory>()
}

//! The binary of the subgraph `products`.

use std::process::ExitCode;

/// Faster than the system's; `docs/performance.md` has figures.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    subgraph::boot::main::<products::Products>()
}

//! The binary of the subgraph `products`.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    subgraph::boot::main::<products::Products>()
}

//! The binary of the orders subgraph.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    subgraph::boot::main::<orders::Orders>()
}

//! The binary of the subgraph `auth`.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    subgraph::boot::main::<auth::Auth>()
}

//! The binary of the subgraph `products`.

use std::process::ExitCode;

fn main() -> ExitCode {
    subgraph::boot::main::<products::Products>()
}

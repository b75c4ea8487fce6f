//! The process of the subgraph `inventory`.

use std::process::ExitCode;

fn main() -> ExitCode {
    subgraph::boot::main::<inventory::Inventory>()
}

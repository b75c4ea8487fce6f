//! The binary of the orders subgraph.

use std::process::ExitCode;

fn main() -> ExitCode {
    subgraph::boot::main::<orders::Orders>()
}

//! The binary of the subgraph `auth`.

use std::process::ExitCode;

fn main() -> ExitCode {
    subgraph::boot::main::<auth::Auth>()
}

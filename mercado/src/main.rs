//! `mercado`: the whole market on this machine, for trying it out.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}

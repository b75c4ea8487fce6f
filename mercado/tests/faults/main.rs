//! The market as five processes that are killed, asked by very many at once, or on a network, a disk, a clock or a database
//! that fails. What must be true then is told by the customers and by `mercado verify`.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test reports, and fails loudly")]

mod clocks;
mod customers;
mod disk;
mod kills;
mod market;
mod network;
mod points;
mod process;
mod race;
mod restarts;

//! The market as five processes that are killed while customers buy, or asked by very many at once; what must be true then is told by the customers and by
//! `mercado verify`.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test reports, and fails loudly")]

mod customers;
mod kills;
mod market;
mod process;
mod race;

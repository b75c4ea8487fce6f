//! What a GraphQL document may cost, decided before any executor or planner sees it.
//!
//! Executors and validators expand a fragment at every place that spreads it, so a document of a few hundred bytes
//! can hold them for minutes. [`check`] needs time linear in the document: one pass over its tokens, one parse of a
//! text that is by then known to be small and flat, and one count for each fragment, kept for every later spread.

mod counts;
mod error;
mod limits;
mod measure;
mod page;
mod pages;
mod parse;
mod scan;

pub use error::LimitError;
pub use limits::Limits;
pub use measure::Stats;
pub use pages::Pages;

/// An estimate of the memory that a byte of a document's text comes to when it is parsed, for caches that are bounded by memory.
pub const BYTES_OF_A_BYTE: usize = 64;

/// Counts the document and compares it with the limits, the cheapest ones first.
///
/// Every operation of the document is held to the limits, not only the one that will be executed, and so is every
/// fragment, whether it is used or not. Types are not known here: a document that passes may still be invalid.
pub fn check(source: &str, limits: &Limits) -> Result<Stats, LimitError> {
    check_with(source, &|_| None, limits)
}

/// As [`check`], where it is known which size of a page a variable stands for: by its name, without the `$`.
pub fn check_with(source: &str, page: &dyn Fn(&str) -> Option<usize>, limits: &Limits) -> Result<Stats, LimitError> {
    let tokens = scan::scan(source, limits)?;
    let document = parse::parse(source)?;
    let stats = measure::measure(&document, page, limits)?;
    Ok(Stats { tokens, ..stats })
}

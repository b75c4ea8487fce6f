//! Limits of a document that was checked before.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use crate::{LimitError, Limits, check_with};

/// The variables of a document that are sizes of pages, with sizes for which it is known to be within limits.
///
/// To be kept with the document, so that the next request with it need not be counted again.
pub struct Pages(Mutex<Sizes>);

type Sizes = BTreeMap<String, Option<usize>>;

impl Pages {
    /// Compares a document with the limits, as [`check_with`] does.
    ///
    /// # Errors
    /// The limit that it crosses.
    pub fn check(source: &str, page: &dyn Fn(&str) -> Option<usize>, limits: &Limits) -> Result<Self, LimitError> {
        sizes(source, page, limits).map(|sizes| Self(Mutex::new(sizes)))
    }

    /// The same, for the same document and limits, where the sizes may be others. No page that is smaller makes a
    /// document larger, so only growth is looked at again.
    ///
    /// # Errors
    /// The limit that it crosses.
    pub fn check_again(
        &self,
        source: &str,
        page: &dyn Fn(&str) -> Option<usize>,
        limits: &Limits,
    ) -> Result<(), LimitError> {
        let is_known = |(name, known): (&String, &Option<usize>)| match (page(name), known) {
            (Some(size), Some(known)) => size <= *known,
            (size, known) => size == *known,
        };
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().all(is_known) {
            return Ok(());
        }
        let sizes = sizes(source, page, limits)?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = sizes;
        Ok(())
    }
}

/// The sizes that the outcome depends on.
fn sizes(source: &str, page: &dyn Fn(&str) -> Option<usize>, limits: &Limits) -> Result<Sizes, LimitError> {
    let sizes = RefCell::new(Sizes::new());
    let noted = |name: &str| {
        let size = page(name);
        sizes.borrow_mut().insert(name.to_owned(), size);
        size
    };
    check_with(source, &noted, limits)?;
    Ok(sizes.into_inner())
}

//! Documents that were parsed and are within the limits, so that the next request with one need not.

use std::sync::Arc;

use async_graphql::{
    Request,
    parser::{parse_query, types::ExecutableDocument},
};
use document::{BYTES_OF_A_BYTE, LimitError, Limits, Pages};
use moka::sync::Cache;

use super::page_size;

/// What all of them may come to, by the estimate.
const BYTES: u64 = 16 * 1024 * 1024;

/// By their whole text, bounded by memory. A gateway sends the same ones again and again.
pub(super) struct Documents(Cache<String, Arc<Known>>);

struct Known {
    document: ExecutableDocument,
    pages: Pages,
}

impl Documents {
    pub(super) fn new() -> Self {
        let weigher = |query: &String, _: &Arc<Known>| u32::try_from(query.len() * BYTES_OF_A_BYTE).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(BYTES).weigher(weigher).build())
    }

    /// Gives the request its parsed document. One that does not parse is left to the schema to refuse.
    ///
    /// # Errors
    /// The limit that it crosses.
    pub(super) fn parse(&self, request: &mut Request, limits: &Limits) -> Result<(), LimitError> {
        let (query, page) = (&request.query, |name: &str| page_size(request, name));
        let document = match self.0.get(query) {
            Some(known) => {
                known.pages.check_again(query, &page, limits)?;
                known.document.clone()
            }
            None => {
                let pages = Pages::check(query, &page, limits)?;
                let Ok(document) = parse_query(query) else { return Ok(()) };
                self.0.insert(query.clone(), Arc::new(Known { document: document.clone(), pages }));
                document
            }
        };
        request.set_parsed_query(document);
        Ok(())
    }
}

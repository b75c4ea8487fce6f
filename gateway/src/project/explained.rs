use std::collections::HashSet;

use super::{Step, segments};
use crate::error::{GraphqlError, PathSegment};

/// Where a null has its error already: below the path of an error, or above it, because the null of the error has
/// come up from there.
pub(super) struct Explained {
    paths: HashSet<Vec<PathSegment>>,
    parents: HashSet<Vec<PathSegment>>,
}

impl Explained {
    pub(super) fn new(errors: &[GraphqlError]) -> Self {
        let mut explained = Self { paths: HashSet::new(), parents: HashSet::new() };
        for error in errors {
            explained.add(error.path.as_deref().unwrap_or_default());
        }
        explained
    }

    pub(super) fn add(&mut self, path: &[PathSegment]) {
        self.paths.insert(path.to_vec());
        for length in 0..path.len() {
            self.parents.insert(path[..length].to_vec());
        }
    }

    pub(super) fn covers(&self, path: &[Step<'_>]) -> bool {
        if self.paths.is_empty() {
            return false;
        }
        let path = segments(path);
        self.parents.contains(&path) || (0..=path.len()).any(|length| self.paths.contains(&path[..length]))
    }
}

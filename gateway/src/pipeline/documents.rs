//! Documents that have passed the limits and the validation, so that the next request with one need not.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use ahash::RandomState;
use document::{BYTES_OF_A_BYTE, Pages};
use graphql_tools::{
    parser::parse_query,
    static_graphql::query::{Definition, Directive, Document, OperationDefinition, Selection, SelectionSet, Value},
};
use moka::sync::Cache;

use super::{GraphqlRequest, Inner, Refused};
use crate::{
    error::{GraphqlError, code},
    validate,
};

/// By their whole text, bounded by memory. Only valid documents are kept: every other text costs its sender a check.
pub(super) struct Documents {
    checked: Cache<String, Arc<Checked>, RandomState>,
    next: AtomicU64,
}

pub(super) struct Checked {
    pub(super) document: Document,
    /// An estimate of the memory that it holds, or another form of it.
    pub(super) bytes: usize,
    /// Of this document only, for as long as the process lives.
    pub(super) number: u64,
    /// Variables that `@skip` and `@include` name.
    pub(super) conditions: Vec<String>,
    pages: Pages,
}

impl Documents {
    pub(super) fn new(bytes: u64) -> Self {
        let weigher = |_: &String, checked: &Arc<Checked>| u32::try_from(checked.bytes).unwrap_or(u32::MAX);
        let checked = Cache::builder().max_capacity(bytes).weigher(weigher).build_with_hasher(RandomState::new());
        Self { checked, next: AtomicU64::new(0) }
    }

    /// The request's document, checked. Whether it is within the limits can depend on variables too.
    pub(super) fn get(&self, request: &GraphqlRequest, inner: &Inner) -> Result<Arc<Checked>, Refused> {
        let (query, limits) = (&request.query, &inner.settings.limits);
        let page = |name: &str| request.page_size(name);
        if let Some(checked) = self.checked.get(query) {
            checked.pages.check_again(query, &page, limits)?;
            return Ok(checked);
        }
        let pages = Pages::check(query, &page, limits)?;
        let document = parse(query)?;
        inner.validator.check(&inner.supergraph.api, &document)?;
        let checked = Arc::new(Checked {
            conditions: conditions(&document),
            document,
            bytes: query.len() * BYTES_OF_A_BYTE,
            number: self.next.fetch_add(1, Ordering::Relaxed),
            pages,
        });
        self.checked.insert(query.clone(), checked.clone());
        Ok(checked)
    }
}

pub(super) fn parse(query: &str) -> Result<Document, Vec<GraphqlError>> {
    match parse_query::<String>(query) {
        Ok(document) => {
            let mut document = document.into_static();
            validate::join_repeats(&mut document);
            Ok(document)
        }
        Err(error) => Err(vec![GraphqlError::new(code::PARSE_FAILED, error.to_string())]),
    }
}

fn conditions(document: &Document) -> Vec<String> {
    let mut names = Vec::new();
    for definition in &document.definitions {
        walk(
            match definition {
                Definition::Fragment(fragment) => &fragment.selection_set,
                Definition::Operation(OperationDefinition::SelectionSet(set)) => set,
                Definition::Operation(OperationDefinition::Query(query)) => &query.selection_set,
                Definition::Operation(OperationDefinition::Mutation(mutation)) => &mutation.selection_set,
                Definition::Operation(OperationDefinition::Subscription(subscription)) => &subscription.selection_set,
            },
            &mut names,
        );
    }
    names.sort_unstable();
    names.dedup();
    names
}

fn walk(set: &SelectionSet, names: &mut Vec<String>) {
    for selection in &set.items {
        match selection {
            Selection::Field(field) => {
                add(&field.directives, names);
                walk(&field.selection_set, names);
            }
            Selection::InlineFragment(fragment) => {
                add(&fragment.directives, names);
                walk(&fragment.selection_set, names);
            }
            Selection::FragmentSpread(spread) => add(&spread.directives, names),
        }
    }
}

fn add(directives: &[Directive], names: &mut Vec<String>) {
    let conditional = directives.iter().filter(|directive| matches!(directive.name.as_str(), "skip" | "include"));
    names.extend(conditional.flat_map(|directive| &directive.arguments).filter_map(|(_, value)| match value {
        Value::Variable(name) => Some(name.clone()),
        _ => None,
    }));
}

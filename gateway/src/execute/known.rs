//! References that need not be sent: an answer has what they would bring.

use std::{collections::HashMap, sync::Arc};

use ahash::RandomState;
use bytes::Bytes;

use crate::{operation::Name, plan::Selection, tree::Text};

/// By subgraph, selection and reference, the object as the subgraph sent it.
#[derive(Default)]
pub(super) struct Known<'a>(Vec<((&'a Name, &'a Arc<Selection>), References)>);

pub(super) type References = HashMap<Bytes, Text, RandomState>;

impl<'a> Known<'a> {
    pub(super) fn of(&self, service: &Name, selection: &Arc<Selection>) -> Option<&References> {
        let known = self.0.iter().find(|((of, known), _)| *of == service && *known == selection);
        known.map(|(_, references)| references)
    }

    /// What has been known first stays: it is what the response has already.
    pub(super) fn add(&mut self, service: &'a Name, selection: &'a Arc<Selection>, reference: Bytes, text: Text) {
        let known = self.0.iter().position(|((of, known), _)| *of == service && *known == selection);
        let known = known.unwrap_or_else(|| {
            self.0.push(((service, selection), References::default()));
            self.0.len() - 1
        });
        self.0[known].1.entry(reference).or_insert(text);
    }
}

//! One call for many references, of one lookup or of several.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use futures_util::{StreamExt, stream::FuturesUnordered};

use super::{
    Answered, Failure, Shared,
    lookups::{Found, Lookup},
    travel::Travel,
};
use crate::{
    error::PathSegment,
    operation::{Name, OperationKind},
};

/// Calls beyond those for the references themselves that those of one request may cost, to find out which reference
/// poisons an answer.
const MAX_SPLITS: usize = 16;

/// One reference of a batch.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) lookup: Arc<Lookup>,
    pub(super) reference: Bytes,
    /// A number for those who are looked up for one client.
    pub(super) request: u64,
}

/// One call that was made for a batch, and what came of it.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) outcome: Answered,
    /// Response keys of the lists of the answer.
    pub(crate) keys: Vec<String>,
    /// How many references each of them is for.
    pub(crate) lengths: Vec<usize>,
}

/// Sends references. A call that a resolver error makes fail whole is made again in parts: the error may be that of a
/// single reference, and the others are sound.
pub(super) async fn run(shared: &Shared, service: &Name, items: &[Item], travel: &Travel) -> Vec<Found> {
    let size = shared.max_batch;
    let mut splits = HashMap::new();
    let mut found = Vec::new();
    let mut running: FuturesUnordered<_> = (0..items.len())
        .step_by(size)
        .map(|start| call(shared, service, items, start, items.len().min(start + size), travel))
        .collect();
    while let Some((start, end, part, places)) = running.next().await {
        let parts = if part.is_poisoned() { parts(&items[start..end], &mut splits) } else { Vec::new() };
        if !parts.is_empty() {
            let mut from = start;
            for length in parts {
                running.push(call(shared, service, items, from, from + length, travel));
                from += length;
            }
        } else {
            found.extend(
                places
                    .into_iter()
                    .enumerate()
                    .map(|(offset, (list, index))| (start + offset, Found { part: part.clone(), list, index })),
            );
        }
    }
    found.sort_unstable_by_key(|(position, _)| *position);
    found.into_iter().map(|(_, found)| found).collect()
}

/// How many references of a poisoned call go in each of the next ones; none where it is not made again. First every
/// request is on its own, as it would be without the others, and none can use up what another has to find its poison.
fn parts(items: &[Item], splits: &mut HashMap<u64, usize>) -> Vec<usize> {
    let of_requests: Vec<usize> =
        items.chunk_by(|left, right| left.request == right.request).map(<[Item]>::len).collect();
    if of_requests.len() > 1 {
        return of_requests;
    }
    let left = splits.entry(items[0].request).or_insert(MAX_SPLITS);
    if items.len() < 2 || *left < 2 {
        return Vec::new();
    }
    *left -= 2;
    let half = items.len() / 2;
    vec![half, items.len() - half]
}

async fn call(
    shared: &Shared,
    service: &Name,
    items: &[Item],
    start: usize,
    end: usize,
    travel: &Travel,
) -> (usize, usize, Arc<Part>, Vec<(usize, usize)>) {
    let Composed { body, keys, lengths, places } = compose(&items[start..end]);
    let outcome = shared.send(service, OperationKind::Query, body, travel, &keys).await;
    (start, end, Arc::new(Part { outcome, keys, lengths }), places)
}

impl Part {
    pub(super) fn failed(failure: Failure) -> Arc<Self> {
        Arc::new(Self { outcome: Err(failure), keys: Vec::new(), lengths: Vec::new() })
    }

    /// Whether nothing came but errors that arose while references were resolved.
    fn is_poisoned(&self) -> bool {
        let Ok(answer) = &self.outcome else { return false };
        let about_references = |key: &PathSegment| match key {
            PathSegment::Key(key) => self.keys.iter().any(|known| **known == **key),
            PathSegment::Index(_) => false,
        };
        answer.items.iter().all(Vec::is_empty)
            && answer.errors.iter().any(|error| error.path.first().is_some_and(about_references))
    }
}

struct Composed {
    body: Bytes,
    keys: Vec<String>,
    lengths: Vec<usize>,
    /// List and index of each item.
    places: Vec<(usize, usize)>,
}

/// An operation that asks the references of each lookup under a key of its own.
fn compose(items: &[Item]) -> Composed {
    let mut lookups: Vec<(&Lookup, Vec<&Bytes>)> = Vec::new();
    let mut places = Vec::with_capacity(items.len());
    for item in items {
        let list = lookups.iter().position(|(known, _)| std::ptr::eq(*known, &*item.lookup) || **known == *item.lookup);
        let list = list.unwrap_or_else(|| {
            lookups.push((&item.lookup, Vec::new()));
            lookups.len() - 1
        });
        places.push((list, lookups[list].1.len()));
        lookups[list].1.push(&item.reference);
    }
    let several = lookups.len() > 1;
    let key = |list: usize| if several { format!("_{list}") } else { "_entities".to_owned() };
    let keys: Vec<String> = (0..lookups.len()).map(key).collect();
    let lengths = lookups.iter().map(|(_, references)| references.len()).collect();
    Composed { body: body(&lookups, &keys), keys, lengths, places }
}

fn body(lookups: &[(&Lookup, Vec<&Bytes>)], keys: &[String]) -> Bytes {
    let several = keys.len() > 1;
    let variable = |list: usize| if several { format!("representations_{list}") } else { "representations".to_owned() };
    let references: usize =
        lookups.iter().flat_map(|(_, references)| references).map(|reference| reference.len() + 1).sum();
    let mut text = String::with_capacity(256);
    let (mut fields, mut fragments) = (String::new(), String::new());
    let mut values: Vec<(&str, &str)> = Vec::new();
    text.push_str("{\"query\":\"query(");
    for (list, (lookup, _)) in lookups.iter().enumerate() {
        let selection = &lookup.selection;
        let variable = variable(list);
        text.push_str(&format!("{}${variable}:[_Any!]!", if list == 0 { "" } else { "," }));
        if several {
            fields.push_str(&format!("{}:", keys[list]));
        }
        fields.push_str(&format!("_entities(representations:${variable}){}", selection.set));
        if !fragments.contains(&selection.fragments) {
            fragments.push_str(&selection.fragments);
        }
        for ((name, definition), (_, value)) in selection.variables.iter().zip(&lookup.values) {
            if !values.iter().any(|(known, _)| known == name) {
                text.push(',');
                text.push_str(definition);
                values.push((name, value));
            }
        }
    }
    text.push_str(&format!("){{{fields}}}{fragments}\",\"variables\":{{"));
    let mut body = Vec::with_capacity(text.len() + references + 64 * keys.len());
    body.extend_from_slice(text.as_bytes());
    for (list, (_, references)) in lookups.iter().enumerate() {
        let separator = if list == 0 { "" } else { "," };
        body.extend_from_slice(format!("{separator}\"{}\":[", variable(list)).as_bytes());
        for (index, reference) in references.iter().enumerate() {
            if index > 0 {
                body.push(b',');
            }
            body.extend_from_slice(reference);
        }
        body.push(b']');
    }
    for (name, value) in values {
        if !value.is_empty() {
            body.extend_from_slice(format!(",\"{name}\":{value}").as_bytes());
        }
    }
    body.extend_from_slice(b"}}");
    Bytes::from(body)
}

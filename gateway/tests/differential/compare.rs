//! When a response of the gateway is the right one.
//!
//! - `data` is, byte for byte, the JSON of the reference: values, nulls and the order of keys.
//! - Every error of the gateway has a path, and the reference has an error at the same path. No two have one path.
//! - Every null that the reference puts for an error has an error of the gateway that causes it: one whose path the
//!   reference knows, and whose null comes to rest at this place. Where several fields cause one null, each of them may
//!   be missing but not all: the specification lets a server cancel the fields beside one that failed (section 6.4.4).
//! - Messages, locations and codes are not compared.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::reference::{Path, Response};

#[derive(Deserialize)]
struct ResponseError {
    path: Option<Path>,
}

#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) rule: &'static str,
    pub(crate) place: String,
    pub(crate) expected: String,
    pub(crate) got: String,
}

/// The first rule that the gateway's response breaks.
pub(crate) fn difference(expected: &Response, body: &[u8]) -> Option<Difference> {
    let (rule, place) = broken(expected, body)?;
    let failures = expected.failures.iter().map(|it| format!("{} ({})", text(&it.path), it.message));
    Some(Difference {
        rule,
        place,
        expected: format!("{} failures: {}", expected.data, failures.collect::<Vec<_>>().join(", ")),
        got: String::from_utf8_lossy(body).into_owned(),
    })
}

fn broken(expected: &Response, body: &[u8]) -> Option<(&'static str, String)> {
    let body: BTreeMap<&str, &RawValue> = match serde_json::from_slice(body) {
        Ok(body) => body,
        Err(error) => return Some(("no GraphQL response", error.to_string())),
    };
    let Some(data) = body.get("data") else { return Some(("refused", String::new())) };
    let errors = body.get("errors").map_or("[]", |errors| errors.get());
    let errors = serde_json::from_str::<Vec<ResponseError>>(errors).unwrap_or_default();
    let failed = |path: &Path| expected.failures.iter().any(|failure| failure.path == *path);
    let data_expected = expected.data.to_string();
    if data.get() != data_expected {
        let says_so = errors.iter().any(|error| error.path.as_ref().is_none_or(|path| !failed(path)));
        return Some((if says_so { "other data, and an error that says so" } else { "other data" }, String::new()));
    }
    let mut paths = BTreeSet::new();
    let mut unfounded = Vec::new();
    for error in errors {
        let Some(path) = error.path else { return Some(("an error without a path", String::new())) };
        let text = text(&path);
        if !failed(&path) {
            unfounded.push(path);
        } else if !paths.insert(text.clone()) {
            return Some(("two errors at one place", text));
        }
    }
    if let Some(null) = unexplained(expected, &paths) {
        return Some(("a null without an error", null));
    }
    let path = unfounded.first()?;
    let is_redundant = |path: &Path| expected.failures.iter().any(|failure| path.starts_with(&failure.nulled));
    let rule = if unfounded.iter().all(is_redundant) { "a redundant error" } else { "an error where nothing failed" };
    Some((rule, text(path)))
}

fn text(path: &Path) -> String {
    Value::from(path.clone()).to_string()
}

/// A null with several causes is explained by one of them.
fn unexplained(expected: &Response, paths: &BTreeSet<String>) -> Option<String> {
    let mut nulls: BTreeMap<String, bool> = BTreeMap::new();
    for failure in &expected.failures {
        if is_visible(expected, &failure.nulled) {
            let explained = paths.contains(&text(&failure.path));
            *nulls.entry(text(&failure.nulled)).or_default() |= explained;
        }
    }
    nulls.into_iter().find(|(_, explained)| !explained).map(|(null, _)| null)
}

/// Whether no other null has taken away the place.
fn is_visible(expected: &Response, null: &Path) -> bool {
    !expected.failures.iter().any(|other| other.nulled.len() < null.len() && null.starts_with(&other.nulled))
}

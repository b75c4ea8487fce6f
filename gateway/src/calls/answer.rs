//! What a subgraph's response says besides its data.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::value::RawValue;

use crate::{
    error::PathSegment,
    json::{Checked, Kind, Scanner},
};

/// Errors of one response that are passed on; a subgraph that sends more has nothing more to say.
const MAX_ERRORS: usize = 100;

/// A GraphQL response: valid JSON, an object with `data` or `errors`.
#[derive(Debug)]
pub(crate) struct SubgraphAnswer {
    pub(crate) body: Checked,
    /// Where the value of `data` begins.
    pub(crate) data: Option<usize>,
    /// Where the items of each list begin.
    pub(crate) items: Vec<Vec<u32>>,
    pub(crate) errors: Vec<SubgraphError>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SubgraphError {
    #[serde(default)]
    pub(crate) message: String,
    #[serde(default, deserialize_with = "path")]
    pub(crate) path: Vec<PathSegment>,
    #[serde(default)]
    pub(crate) extensions: Option<serde_json::Map<String, serde_json::Value>>,
    /// As long as its JSON is.
    #[serde(skip)]
    pub(crate) bytes: usize,
}

impl SubgraphAnswer {
    /// `None` for what is no GraphQL response. `keys` are those of lists in `data` whose items are wanted one by one.
    pub(crate) fn read(body: Bytes, keys: &[String]) -> Option<Self> {
        let mut scanner = Scanner::new(&body)?;
        let mut items = vec![Vec::new(); keys.len()];
        let (mut data, mut errors) = (None, None);
        let mut more = scanner.enter(b'{', b'}')?;
        while more {
            match scanner.key()? {
                b"data" => {
                    let kind = scanner.kind()?;
                    let start = scanner.at;
                    match kind {
                        Kind::Object if !keys.is_empty() => find_items(&mut scanner, keys, &mut items)?,
                        _ => drop(scanner.value()?),
                    }
                    data = Some(start);
                }
                b"errors" => errors = Some(read_errors(scanner.value()?)),
                _ => drop(scanner.value()?),
            }
            more = scanner.next(b'}')?;
        }
        let complete = scanner.is_at_end() && (data.is_some() || errors.is_some());
        let strings = scanner.into_strings().into();
        complete.then(|| Self {
            data,
            items,
            errors: errors.unwrap_or_default(),
            body: Checked { text: body, strings },
        })
    }
}

/// A list that is not there, or is null, has no items.
fn find_items(scanner: &mut Scanner<'_>, keys: &[String], items: &mut [Vec<u32>]) -> Option<()> {
    let mut more = scanner.enter(b'{', b'}')?;
    while more {
        let key = scanner.key()?;
        match keys.iter().position(|known| known.as_bytes() == key) {
            Some(list) if scanner.kind()? == Kind::List => {
                items[list].clear();
                let mut more = scanner.enter(b'[', b']')?;
                while more {
                    scanner.space();
                    items[list].push(u32::try_from(scanner.at).ok()?);
                    scanner.value()?;
                    more = scanner.next(b']')?;
                }
            }
            _ => drop(scanner.value()?),
        }
        more = scanner.next(b'}')?;
    }
    Some(())
}

fn read_errors(json: &[u8]) -> Vec<SubgraphError> {
    let raw: Option<Vec<&RawValue>> = serde_json::from_slice(json).unwrap_or_default();
    let unreadable = || SubgraphError { message: String::new(), path: Vec::new(), extensions: None, bytes: 0 };
    let read = |error: &RawValue| {
        let bytes = error.get().len();
        SubgraphError { bytes, ..serde_json::from_str(error.get()).unwrap_or_else(|_| unreadable()) }
    };
    raw.into_iter().flatten().take(MAX_ERRORS).map(read).collect()
}

/// A path that is malformed is no path.
fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PathSegment>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Segment {
        Key(String),
        Index(usize),
        Other(IgnoredAny),
    }
    let segments = Option::<Vec<Segment>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(segments
        .into_iter()
        .map_while(|segment| match segment {
            Segment::Key(key) => Some(PathSegment::Key(Arc::from(key))),
            Segment::Index(index) => Some(PathSegment::Index(index)),
            Segment::Other(_) => None,
        })
        .collect())
}

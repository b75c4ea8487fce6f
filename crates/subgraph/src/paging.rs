//! Relay connections with keyset cursors.
//!
//! A cursor is the sort key of a row, opaque to clients and bound to the list it came from: one that
//! was forged, or taken from another list or sort, is refused with `BAD_USER_INPUT`.

use async_graphql::connection::{Connection, Edge};
use async_graphql::{ObjectType, OutputType};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Error, Result};

/// The size of a page when the client does not say.
pub const DEFAULT_FIRST: i32 = 20;
/// The largest page.
pub const MAX_FIRST: i32 = 100;

/// One page that a client asked for. `K` is the sort key of the list's rows, id last.
#[derive(Clone, Debug)]
pub struct Page<K> {
    list: String,
    /// Rows wanted.
    pub first: usize,
    /// Rows must come after this key.
    pub after: Option<K>,
}

impl<K: Serialize + DeserializeOwned> Page<K> {
    /// Checks `first` (1 to [`MAX_FIRST`]) and `after`. `list` names the list and its sort, e.g.
    /// `products:NAME_ASC`.
    pub fn new(list: impl Into<String>, first: Option<i32>, after: Option<String>) -> Result<Self> {
        let (list, first) = (list.into(), first.unwrap_or(DEFAULT_FIRST));
        if !(1..=MAX_FIRST).contains(&first) {
            return Err(Error::bad_input(format!("`first` must be from 1 to {MAX_FIRST}.")));
        }
        let after = after.map(|cursor| decode(&list, &cursor)).transpose()?;
        Ok(Self { list, first: first.unsigned_abs() as usize, after })
    }

    /// How many rows to read: one more than wanted tells whether there is a next page.
    pub fn limit(&self) -> u64 {
        self.first as u64 + 1
    }

    /// The connection over rows read with [`Page::limit`], and what else the connection has.
    pub fn connection<N, F>(
        &self,
        mut rows: Vec<N>,
        key: impl Fn(&N) -> K,
        fields: F,
    ) -> Result<Connection<String, N, F>>
    where
        N: OutputType,
        F: ObjectType,
    {
        let has_next = rows.len() > self.first;
        rows.truncate(self.first);
        let mut connection = Connection::with_additional_fields(self.after.is_some(), has_next, fields);
        for row in rows {
            let cursor = encode(&self.list, &key(&row))?;
            connection.edges.push(Edge::new(cursor, row));
        }
        Ok(connection)
    }
}

fn encode<K: Serialize>(list: &str, key: &K) -> Result<String> {
    let json = serde_json::to_vec(&(list, key)).map_err(Error::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

fn decode<K: DeserializeOwned>(list: &str, cursor: &str) -> Result<K> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes
        .and_then(|bytes| serde_json::from_slice::<(String, Value)>(&bytes).ok())
        .filter(|(of, key)| of == list && !has_nul(key))
        .and_then(|(_, key)| serde_json::from_value(key).ok())
        .ok_or_else(|| Error::bad_input("`after` is not a cursor of this list."))
}

/// No row has a NUL in its text, and PostgreSQL would refuse to compare with one.
fn has_nul(key: &Value) -> bool {
    match key {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(has_nul),
        Value::Object(fields) => fields.values().any(has_nul),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_from_1_to_100_rows() {
        for (first, ok) in
            [(None, true), (Some(1), true), (Some(100), true), (Some(0), false), (Some(-1), false), (Some(101), false)]
        {
            assert_eq!(Page::<i64>::new("list", first, None).is_ok(), ok, "{first:?}");
        }
    }

    #[test]
    fn a_cursor_belongs_to_its_list() {
        let cursor = encode("products:NAME", &("Lamp", 7)).unwrap();
        assert!(Page::<(String, i64)>::new("products:NAME", None, Some(cursor.clone())).is_ok());
        assert!(Page::<(String, i64)>::new("products:PRICE", None, Some(cursor)).is_err());
        assert!(Page::<(String, i64)>::new("products:NAME", None, Some("forged".into())).is_err());
    }

    #[test]
    fn a_cursor_has_no_nul() {
        for (name, ok) in [("Lamp", true), (r"\u0000", true), ("\0", false)] {
            let cursor = encode("products:NAME", &(name, 7)).unwrap();
            assert_eq!(Page::<(String, i64)>::new("products:NAME", None, Some(cursor)).is_ok(), ok);
        }
    }
}

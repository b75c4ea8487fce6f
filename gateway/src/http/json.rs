//! JSON from strangers: bounded in nodes and depth while it is read, and without the ambiguity of repeated keys.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Reads one JSON text of UTF-8 that fills all of `bytes`, with at most `nodes` values, nested at most `depth` deep.
///
/// Readers disagree on which of two equal keys counts, and whoever checks a request must see what executes it sees.
pub(super) fn parse(bytes: &[u8], nodes: usize, depth: usize) -> serde_json::Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { nodes_left: &Cell::new(nodes), depth_left: depth }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    nodes_left: &'a Cell<usize>,
    depth_left: usize,
}

impl Strict<'_> {
    fn inside<E: Error>(self) -> Result<Self, E> {
        let depth_left = self.depth_left.checked_sub(1).ok_or_else(|| E::custom("the JSON is nested too deep"))?;
        Ok(Self { depth_left, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left =
            self.nodes_left.get().checked_sub(1).ok_or_else(|| D::Error::custom("the JSON has too many values"))?;
        self.nodes_left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let item = self.inside()?;
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(item)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let member = self.inside()?;
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom("a key is repeated"));
            }
            let value = entries.next_value_seed(member)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn every_kind_of_value_is_read_as_it_was_written() {
        let text = r#"{"a":[null,true,-1,18446744073709551615,1.5,"\u00e9\ud83d\ude00"],"b":{}}"#;
        assert_eq!(
            parse(text.as_bytes(), 10, 2).unwrap().to_string(),
            r#"{"a":[null,true,-1,18446744073709551615,1.5,"é😀"],"b":{}}"#
        );
    }

    #[test]
    fn t19_what_two_readers_could_take_differently_is_refused() {
        let deep = "[".repeat(100_000);
        let cases: [&[u8]; 12] = [
            br#"{"a":1,"a":2}"#,
            br#"{"a":{"b":1,"\u0062":2}}"#,
            b"\xef\xbb\xbf{}",
            b"\"\xff\"",
            br#""\ud800""#,
            b"1e400",
            b"NaN",
            b"{} {}",
            b"",
            b"[1,]",
            b"[1,2,3,4,5,6,7,8,9,10]",
            deep.as_bytes(),
        ];
        for text in cases {
            assert!(parse(text, 10, 3).is_err(), "{:?}", String::from_utf8_lossy(&text[..text.len().min(40)]));
        }
    }

    #[test]
    fn nodes_and_depth_are_counted_to_the_one() {
        assert!(parse(b"[[1]]", 3, 2).is_ok());
        assert!(parse(b"[[1]]", 2, 2).is_err());
        assert!(parse(b"[[1]]", 3, 1).is_err());
    }
}

//! A subgraph's response, read in one pass against the shape of what was asked.

use std::{borrow::Cow, fmt, sync::Arc};

use bytes::Bytes;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{
    error::PathSegment,
    plan::Shape,
    tree::{Node, Object},
};

/// Errors of one response that are passed on; a subgraph that sends more has nothing more to say.
const MAX_ERRORS: usize = 100;

#[derive(Debug, Default)]
pub(super) struct SubgraphAnswer {
    pub(super) data: Node,
    pub(super) errors: Vec<SubgraphError>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SubgraphError {
    #[serde(default)]
    pub(super) message: String,
    #[serde(default, deserialize_with = "path")]
    pub(super) path: Vec<PathSegment>,
    #[serde(default)]
    pub(super) extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

impl SubgraphAnswer {
    /// `None` for what is no GraphQL response: no JSON object, or one with neither `data` nor `errors`.
    pub(super) fn read(body: &Bytes, shape: &Shape) -> Option<Self> {
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        let answer = Envelope { body, shape }.deserialize(&mut deserializer).ok()?;
        deserializer.end().ok()?;
        answer
    }

    pub(super) fn into_entities(self) -> Vec<Node> {
        match self.data {
            Node::Object(mut data) => match data.remove("_entities") {
                Some(Node::List(entities)) => entities,
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// Whether nothing came but errors that arose while references were resolved.
    pub(super) fn is_poisoned(&self) -> bool {
        let empty = match &self.data {
            Node::Object(data) => matches!(data.get("_entities"), None | Some(Node::Null)),
            _ => true,
        };
        let entities = PathSegment::Key(Arc::from("_entities"));
        empty && self.errors.iter().any(|error| error.path.first() == Some(&entities))
    }
}

struct Envelope<'a> {
    body: &'a Bytes,
    shape: &'a Shape,
}

impl<'de> DeserializeSeed<'de> for Envelope<'_> {
    type Value = Option<SubgraphAnswer>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Envelope<'_> {
    type Value = Option<SubgraphAnswer>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a GraphQL response")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut answer = None;
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            match &*key {
                "data" => {
                    answer.get_or_insert_with(SubgraphAnswer::default).data =
                        map.next_value_seed(Composite { body: self.body, shape: self.shape })?;
                }
                "errors" => {
                    answer.get_or_insert_with(SubgraphAnswer::default).errors = map.next_value::<Errors>()?.0;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(answer)
    }
}

/// An object, a list of such, or null. Anything else in its place reads as null.
struct Composite<'a> {
    body: &'a Bytes,
    shape: &'a Shape,
}

impl<'de> DeserializeSeed<'de> for Composite<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Composite<'_> {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object, a list or null")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut object = Object::default();
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            let node = match self.shape.get(&key) {
                Some((_, Some(shape))) => map.next_value_seed(Composite { body: self.body, shape })?,
                Some((_, None)) => leaf(self.body, map.next_value()?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if let Some((key, _)) = self.shape.get(&key) {
                object.insert(key.clone(), node);
            }
        }
        Ok(Node::Object(object))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Composite { body: self.body, shape: self.shape })? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_str<E>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Null)
    }
}

/// Shares the bytes of the response.
fn leaf(body: &Bytes, json: &RawValue) -> Node {
    match json.get() {
        "null" => Node::Null,
        text => Node::Leaf(body.slice_ref(text.as_bytes())),
    }
}

struct Errors(Vec<SubgraphError>);

impl<'de> Deserialize<'de> for Errors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw: Option<Vec<&'de RawValue>> = Option::deserialize(deserializer)?;
        let errors = raw.into_iter().flatten().take(MAX_ERRORS).map(|error| {
            serde_json::from_str(error.get()).unwrap_or(SubgraphError {
                message: String::new(),
                path: Vec::new(),
                extensions: None,
            })
        });
        Ok(Self(errors.collect()))
    }
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

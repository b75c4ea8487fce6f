//! Opaque ids: UUIDv7 (RFC 9562), the GraphQL type `ID`, the same bytes in every subgraph.

use std::{borrow::Cow, fmt};

use async_graphql::{
    ContextSelectionSet, ID, InputType, InputValueError, InputValueResult, OutputType, Positioned, ServerResult, Value,
    parser::types::Field, registry::Registry,
};
use uuid::Uuid;

/// An id in a schema. In rows and in `domain` it is the bare [`Uuid`].
///
/// As an argument, text that is no UUID is refused with `BAD_USER_INPUT`. A reference resolver must
/// not refuse (one error fails a whole `_entities` list): it takes [`ID`] and asks [`Id::known`].
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub Uuid);

impl Id {
    /// A fresh id, ordered by time of creation.
    pub fn fresh() -> Self {
        Self(Uuid::now_v7())
    }

    /// The id that a reference names, or `None` when no row can have it.
    pub fn known(id: &ID) -> Option<Self> {
        Self::parse_text(id)
    }

    /// Only the hyphenated lower-case form is ours, so that one thing has one id in client caches.
    fn parse_text(text: &str) -> Option<Self> {
        let uuid = Uuid::try_parse(text).ok()?;
        (uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text).then_some(Self(uuid))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl From<Uuid> for Id {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl InputType for Id {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        <ID as InputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <ID as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let id = <ID as InputType>::parse(value).map_err(InputValueError::propagate)?;
        Self::parse_text(&id).ok_or_else(|| InputValueError::custom("not an id of this graph"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

impl OutputType for Id {
    fn type_name() -> Cow<'static, str> {
        <ID as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <ID as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::String(self.to_string()))
    }
}

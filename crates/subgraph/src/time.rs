//! Time: UTC everywhere, in whole microseconds, the resolution of PostgreSQL's `timestamptz`.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{SecondsFormat, SubsecRound as _, Utc};

/// Now, so rounded that a value read back from any database equals the one written.
pub fn now() -> chrono::DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// A moment in a schema. In rows and in `domain` it is chrono's.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DateTime(pub chrono::DateTime<Utc>);

impl From<chrono::DateTime<Utc>> for DateTime {
    fn from(moment: chrono::DateTime<Utc>) -> Self {
        Self(moment)
    }
}

/// A moment as RFC 3339 writes it, e.g. `2026-01-31T12:00:00.250Z`. Answers are in UTC; inputs may have any offset.
#[Scalar(specified_by_url = "https://scalars.graphql.org/andimarek/date-time.html")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = value else {
            return Err(InputValueError::expected_type(value));
        };
        match chrono::DateTime::parse_from_rfc3339(&text) {
            Ok(moment) => Ok(Self(moment.to_utc().trunc_subsecs(6))),
            Err(_) => Err(InputValueError::custom("not a date and time as RFC 3339 writes it")),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

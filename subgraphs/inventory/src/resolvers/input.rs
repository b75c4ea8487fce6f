//! Rules of single input fields.

use async_graphql::ID;
use subgraph::{Id, text, user_error::InvalidInputError};
use uuid::Uuid;

use crate::entities::{location, stock::MAX_UNITS};

const MAX_REASON: usize = 500;
const MAX_KEY: usize = 200;

/// A number of units, 0 to [`MAX_UNITS`].
pub(crate) fn units(field: &str, units: i32) -> Result<i64, InvalidInputError> {
    let units = i64::from(units);
    if (0..=MAX_UNITS).contains(&units) {
        return Ok(units);
    }
    Err(InvalidInputError::new([field], format!("This is from 0 to {MAX_UNITS}.")))
}

/// The location that is named, or the default one.
pub(crate) fn location(id: Option<Id>) -> Uuid {
    id.map_or(location::DEFAULT, |id| id.0)
}

/// A number of units from which on a stock is low, if any.
pub(crate) fn threshold(field: &str, threshold: Option<i32>) -> Result<Option<i64>, InvalidInputError> {
    threshold.map(|threshold| units(field, threshold)).transpose()
}

pub(crate) fn reason(reason: &str) -> Result<String, InvalidInputError> {
    line("reason", reason, MAX_REASON)
}

pub(crate) fn idempotency_key(key: &ID) -> Result<String, InvalidInputError> {
    line("idempotencyKey", key, MAX_KEY)
}

/// One line of text of at most so many characters.
pub(crate) fn line(field: &str, text: &str, max: usize) -> Result<String, InvalidInputError> {
    text::line(text, max).map_err(|error| InvalidInputError::new([field], error.to_string()))
}

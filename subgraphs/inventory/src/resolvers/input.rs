//! Rules of single input fields.

use async_graphql::ID;
use subgraph::{text, user_error::InvalidInputError};

use crate::entities::stock::MAX_UNITS;

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

/// A number of units from which on a stock is low, if any.
pub(crate) fn threshold(field: &str, threshold: Option<i32>) -> Result<Option<i64>, InvalidInputError> {
    threshold.map(|threshold| units(field, threshold)).transpose()
}

pub(crate) fn reason(reason: &str) -> Result<String, InvalidInputError> {
    text::line(reason, MAX_REASON).map_err(|error| InvalidInputError::new(["reason"], error.to_string()))
}

pub(crate) fn idempotency_key(key: &ID) -> Result<String, InvalidInputError> {
    text::line(key, MAX_KEY).map_err(|error| InvalidInputError::new(["idempotencyKey"], error.to_string()))
}

//! Which failures are worth another attempt, and when.

use std::time::Duration;

use crate::client::OperationKind;
use crate::deadline::Deadline;
use crate::error::ClientError;

const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// Only what the service did not, or could not, answer. A query on a connection that broke is asked again, since it
/// changes nothing; a mutation never is, whatever happened to it.
pub(crate) fn is_retryable(kind: OperationKind, error: &ClientError) -> bool {
    let ClientError::Unavailable { reason, .. } = error else { return false };
    kind == OperationKind::Query && reason.is_passing()
}

/// How long to wait before attempt `retry` (the first retry is 0): doubling, with full jitter around it so that callers
/// who failed together do not come back together, and no less than the service asked for. `None` when the deadline
/// leaves no room for it.
pub(crate) fn pause(retry: u32, retry_after: Option<Duration>, deadline: Deadline) -> Option<Duration> {
    let doubled = FIRST_PAUSE * 2u32.saturating_pow(retry.min(6));
    let pause = doubled.mul_f64(rand::random_range(0.5..1.5)).max(retry_after.unwrap_or_default());
    (pause < deadline.remaining()).then_some(pause)
}

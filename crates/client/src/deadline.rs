//! The moment by which a call must be answered, and how it travels to the next service.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

/// Milliseconds that the caller is still willing to wait, counted from when it sent the request.
pub const DEADLINE_HEADER: HeaderName = HeaderName::from_static("x-deadline-ms");

/// Nobody waits longer than this, and adding it to an instant cannot overflow.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A point in time, shared by all that is done for one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// `budget` from now; a day at most.
    pub fn after(budget: Duration) -> Self {
        Self(Instant::now() + budget.min(LONGEST))
    }

    /// The one that the caller's header asks for, if it is there and a number.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let milliseconds = headers.get(DEADLINE_HEADER)?.to_str().ok()?.parse().ok()?;
        Some(Self::after(Duration::from_millis(milliseconds)))
    }

    /// The earlier of the two.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Ord::min(self, other)
    }

    /// What is left; zero once it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    pub fn has_passed(self) -> bool {
        self.remaining().is_zero()
    }

    /// What is left, in whole milliseconds, as a value for [`DEADLINE_HEADER`].
    pub fn header_value(self) -> HeaderValue {
        HeaderValue::from(u64::try_from(self.remaining().as_millis()).unwrap_or(u64::MAX))
    }

    pub fn at(self) -> Instant {
        self.0
    }
}

impl From<Deadline> for Instant {
    fn from(deadline: Deadline) -> Self {
        deadline.0
    }
}

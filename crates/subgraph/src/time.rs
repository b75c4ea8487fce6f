//! Time as it is stored: UTC, in whole microseconds, the resolution of PostgreSQL's `timestamptz`.

use chrono::{DateTime, SubsecRound as _, Utc};

/// Now, so rounded that a value read back from any database equals the one written.
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

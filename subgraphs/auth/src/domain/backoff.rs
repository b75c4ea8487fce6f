//! Guessing at one account slows down, and never locks its owner out for good.
//!
//! An attempt is counted before the password is checked, so that a hundred at once are a hundred, and
//! forgiven when it succeeds. At the longest pause that leaves fewer than 100 guesses a day
//! (NIST SP 800-63B, section 3.2.2, allows 100 in all before an account must be out of reach).

use std::time::Duration;

use chrono::TimeDelta;
use sha2::{Digest as _, Sha256};
use subgraph::{Database, Result, time};

use super::account::Email;
use crate::entities::sign_in_attempt::{Entity as SignInAttempts, Model};

/// This many failures in a row cost nothing.
const FREE: i32 = 5;
const LONGEST: TimeDelta = TimeDelta::minutes(15);
/// An attempt that loses this many races against others to the same account is one too many.
const RACES: usize = 8;

/// The account takes no attempt for this long.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Blocked(pub(super) Duration);

/// What an account is counted by.
pub(super) struct Account(Vec<u8>);

impl From<&Email> for Account {
    fn from(email: &Email) -> Self {
        Self(Sha256::digest(email.as_str()).to_vec())
    }
}

/// Counts an attempt, or says how long none is taken.
pub(super) async fn charge(database: &Database, account: &Account) -> Result<Result<(), Blocked>> {
    for _ in 0..RACES {
        let now = time::now();
        let seen = SignInAttempts::of(database.read(), &account.0).await?;
        let blocked_until = seen.as_ref().and_then(|attempt| attempt.blocked_until);
        if let Some(left) = blocked_until.and_then(|until| (until - now).to_std().ok()).filter(|left| !left.is_zero()) {
            return Ok(Err(Blocked(left)));
        }
        let failures = seen.as_ref().map_or(0, |attempt| attempt.failures);
        let attempt = Model {
            account: account.0.clone(),
            failures: failures.saturating_add(1),
            last_at: now,
            blocked_until: pause(failures.saturating_add(1)).map(|pause| now + pause),
        };
        let counted = match seen {
            None => SignInAttempts::begin(database.write(), attempt).await?,
            Some(_) => SignInAttempts::advance(database.write(), failures, attempt).await?,
        };
        if counted {
            return Ok(Ok(()));
        }
    }
    Ok(Err(Blocked(Duration::from_secs(1))))
}

/// The attempt succeeded: what was counted before it is forgotten.
pub(super) async fn forgive(database: &Database, account: &Account) -> Result<()> {
    Ok(SignInAttempts::forgive(database.write(), &account.0).await?)
}

/// How long to wait after this many failures: 1 s after the sixth, then twice as long each time.
fn pause(failures: i32) -> Option<TimeDelta> {
    let beyond = u32::try_from(failures - FREE).ok()?.checked_sub(1)?;
    let seconds = 1_i64.checked_shl(beyond.min(62)).unwrap_or(i64::MAX);
    TimeDelta::try_seconds(seconds).map_or(Some(LONGEST), |pause| Some(pause.min(LONGEST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t32_the_pause_doubles_up_to_a_quarter_of_an_hour() {
        let seconds = |failures| pause(failures).map(|pause| pause.num_seconds());
        assert_eq!([1, 5, 6, 7, 8, 15].map(seconds), [None, None, Some(1), Some(2), Some(4), Some(512)]);
        assert_eq!([16, 100, 1_000, i32::MAX].map(seconds), [Some(900); 4]);
    }

    #[test]
    fn t32_a_hundred_guesses_take_most_of_a_day() {
        let total: i64 = (1..=100).filter_map(pause).map(|pause| pause.num_seconds()).sum();
        assert!(total > 20 * 3_600, "{total} s");
    }
}

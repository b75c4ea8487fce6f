//! Which passwords are good enough: the length and denylist rules of OWASP ASVS 5.0, section 6.2, which asks for
//! no mixture of characters.

use std::{collections::HashSet, sync::LazyLock};

use super::account::Email;

pub const MIN_CHARS: usize = 8;
/// Bounds what is hashed: at most 512 bytes of UTF-8.
pub const MAX_CHARS: usize = 128;

/// A list of our own: what is most often seen in published rankings, as far as it is long enough to be
/// asked about at all, and what somebody would choose for this shop.
static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("password/common.txt").lines().collect());

/// The rule that a password breaks; `Display` says it to the person who chose it.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    #[error("Use at least {MIN_CHARS} characters.")]
    TooShort,
    #[error("Use at most {MAX_CHARS} characters.")]
    TooLong,
    #[error("This password is among the first that anybody would try.")]
    Common,
    #[error("Do not use your name or e-mail address as password.")]
    Personal,
}

/// Checks a password that somebody chooses. It is kept exactly as given: not trimmed, not normalised.
pub fn check(password: &str, email: &Email, name: &str) -> Result<(), Weakness> {
    let chars = password.chars().take(MAX_CHARS + 1).count();
    if chars < MIN_CHARS {
        return Err(Weakness::TooShort);
    }
    if chars > MAX_CHARS {
        return Err(Weakness::TooLong);
    }
    let lower = password.to_lowercase();
    let personal = [email.as_str(), email.local_part(), &name.to_lowercase()];
    if personal.contains(&lower.as_str()) {
        return Err(Weakness::Personal);
    }
    if COMMON.contains(lower.as_str()) || repeats(&lower) || counts(&lower) {
        return Err(Weakness::Common);
    }
    Ok(())
}

/// Whether a password to be checked can belong to an account at all.
pub fn is_possible(password: &str) -> bool {
    (MIN_CHARS..=MAX_CHARS).contains(&password.chars().take(MAX_CHARS + 1).count())
}

/// One to four characters over and over: `aaaaaaaa`, `abcabcabc`.
fn repeats(password: &str) -> bool {
    let chars: Vec<char> = password.chars().collect();
    (1..=4).any(|unit| chars.iter().skip(unit).zip(&chars).all(|(later, earlier)| later == earlier))
}

/// One run up or down: `23456789`, `hgfedcba`.
fn counts(password: &str) -> bool {
    let codes: Vec<i64> = password.chars().map(|char| i64::from(u32::from(char))).collect();
    [1, -1].into_iter().any(|step| codes.windows(2).all(|pair| pair[1] - pair[0] == step))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weakness(password: &str) -> Option<Weakness> {
        let email = Email::parse("rosa.martin@example.org");
        email.and_then(|email| check(password, &email, "Rosa Martin").err())
    }

    #[test]
    fn t33_each_rule_has_its_answer() {
        let (longest, too_long) = ("ü-".repeat(64), "ü-".repeat(64) + "x");
        let cases = [
            ("seven77", Some(Weakness::TooShort)),
            ("", Some(Weakness::TooShort)),
            (&too_long, Some(Weakness::TooLong)),
            ("Password123", Some(Weakness::Common)),
            ("zzzzzzzzzz", Some(Weakness::Common)),
            ("abcabcabcabc", Some(Weakness::Common)),
            ("98765432", Some(Weakness::Common)),
            ("Rosa.Martin@example.org", Some(Weakness::Personal)),
            ("rosa.martin", Some(Weakness::Personal)),
            ("rosa martin", Some(Weakness::Personal)),
            ("a quiet tall lamp", None),
            ("        x", None),
            ("🦊🐻🐼🐨🐯🦁🐮🐷", None),
            ("correcthorsebatterystaple-correcthorsebatterystaple-0123456789ab", None),
        ];
        for (password, expected) in cases {
            assert_eq!(weakness(password), expected, "{password:?}");
        }
        assert_eq!(longest.chars().count(), 128);
        assert_eq!(weakness(&longest), Some(Weakness::Common), "a repeated unit");
    }

    #[test]
    fn the_list_has_only_what_the_other_rules_let_pass() {
        for line in include_str!("password/common.txt").lines() {
            assert!(line.chars().count() >= MIN_CHARS && line == line.to_lowercase(), "{line:?}");
            assert!(!repeats(line) && !counts(line), "{line:?}");
        }
    }
}

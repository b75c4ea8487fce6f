//! Rules that the rows of a database must obey, looked at from outside of the code that writes them.

use std::{
    fmt,
    io::{self, Write as _},
};

use sea_orm::{DbErr, FromQueryResult, Statement};
use uuid::Uuid;

use crate::{BootError, Database};

/// Violations of one rule that are told; there may be more.
const TOLD: usize = 100;

/// A rule of the data, by the query that finds what breaks it.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The invariant's name, such as `I2`.
    pub invariant: &'static str,
    /// What should be so.
    pub says: &'static str,
    /// Selects `id` of what breaks the rule, and as `expected` and `found` two 64-bit integers that differ. One statement, so
    /// that it sees one state of a database in use.
    pub sql: String,
}

/// Something that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub invariant: &'static str,
    pub says: String,
    /// Of the product, reservation or order.
    pub id: Uuid,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}: {}", self.invariant, self.id, self.says)
    }
}

#[derive(FromQueryResult)]
struct Found {
    id: Uuid,
    expected: i64,
    found: i64,
}

/// Everything that breaks one of the rules, up to a hundred for each.
pub async fn check(database: &Database, rules: impl IntoIterator<Item = Rule>) -> Result<Vec<Violation>, DbErr> {
    let mut violations = Vec::new();
    for Rule { invariant, says, sql } in rules {
        let statement = Statement::from_string(database.backend(), format!("{sql} LIMIT {TOLD}"));
        let found = Found::find_by_statement(statement).all(database.read()).await?;
        violations.extend(found.into_iter().map(|Found { id, expected, found }| Violation {
            invariant,
            says: format!("{says}: expected {expected}, found {found}"),
            id,
        }));
    }
    Ok(violations)
}

/// Says on standard output what was found, and fails where that is anything.
pub fn report(violations: &[Violation]) -> Result<(), BootError> {
    let mut out = io::stdout().lock();
    violations.iter().try_for_each(|violation| writeln!(out, "{violation}"))?;
    match violations.len() {
        0 => Ok(writeln!(out, "no row breaks a rule")?),
        broken => Err(BootError::Violated(broken)),
    }
}

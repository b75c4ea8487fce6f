//! The statements of `purchase.sql`, ready to be sent.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};
use uuid::Uuid;

use crate::Outcome;

/// As `bench market statements` prints it.
const PURCHASE: &str = include_str!("purchase.sql");

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deed {
    /// Buying one unit, which is there.
    Place,
    /// Trying to, when there is none.
    Short,
    /// Cancelling what was bought.
    Cancel,
}

/// One of the two databases that a purchase changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Orders,
    Inventory,
}

/// A transaction, or a statement that is its own.
#[derive(Debug, PartialEq)]
pub(crate) struct Work {
    pub place: Place,
    pub is_transaction: bool,
    pub statements: Vec<Statement>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Statement {
    /// With `$1` and so on.
    pub sql: SqlStr,
    pub arguments: Vec<Argument>,
    /// With rows.
    pub answers: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    /// The value that has this name when the statement is sent.
    Named(String),
    /// One that is always the same. As text SQLite would not take it for an id.
    Id(Uuid),
}

pub(crate) type Script = BTreeMap<Deed, Vec<Work>>;

/// What is sent to a database whose locks are for rows, or to one that locks as a whole and has no word for that.
pub(crate) fn purchase(locks_rows: bool) -> Outcome<Script> {
    parse(PURCHASE, locks_rows)
}

/// `-- == place` begins a deed, `-- in orders` changes the database, other comments are for people. A statement ends with a
/// semicolon at the end of a line.
fn parse(text: &str, locks_rows: bool) -> Outcome<Script> {
    let mut script = Script::new();
    let (mut deed, mut place, mut open) = (None, None, None);
    let mut pending = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(comment) = line.strip_prefix("--") {
            match comment.trim() {
                "== place" => deed = Some(Deed::Place),
                "== short" => deed = Some(Deed::Short),
                "== cancel" => deed = Some(Deed::Cancel),
                "in orders" => place = Some(Place::Orders),
                "in inventory" => place = Some(Place::Inventory),
                _ => {}
            }
            continue;
        }
        pending.push_str(line);
        let Some(sql) = pending.strip_suffix(';') else {
            pending.push(' ');
            continue;
        };
        let (deed, place) = deed.zip(place).ok_or("a statement stands before its deed and its database")?;
        let done = match (sql, open.take()) {
            ("BEGIN", None) => {
                open = Some(Work { place, is_transaction: true, statements: Vec::new() });
                None
            }
            ("COMMIT", Some(work)) => Some(work),
            ("BEGIN" | "COMMIT" | "ROLLBACK", _) => return Err(format!("{sql} out of place").into()),
            (_, Some(mut work)) => {
                work.statements.push(Statement::parse(sql, locks_rows));
                open = Some(work);
                None
            }
            (_, None) => {
                let statements = vec![Statement::parse(sql, locks_rows)];
                Some(Work { place, is_transaction: false, statements })
            }
        };
        script.entry(deed).or_default().extend(done);
        pending.clear();
    }
    Ok(script)
}

impl Statement {
    pub(crate) fn parse(text: &str, locks_rows: bool) -> Self {
        let lock = [" FOR ", " RETURNING pg_advisory"].into_iter().find_map(|word| text.find(word));
        let text = if locks_rows { text } else { &text[..lock.unwrap_or(text.len())] };
        let (mut sql, mut arguments) = (String::new(), Vec::new());
        // What is between quotes has an odd number.
        for (number, piece) in text.split('\'').enumerate() {
            if number % 2 == 0 {
                with_named(piece, &mut sql, &mut arguments);
            } else if let Ok(id) = piece.parse() {
                push_argument(Argument::Id(id), &mut sql, &mut arguments);
            } else {
                sql.push_str(&format!("'{piece}'"));
            }
        }
        let answers = sql.starts_with("SELECT") || sql.contains(" RETURNING ");
        Self { sql: AssertSqlSafe(sql).into_sql_str(), arguments, answers }
    }

    pub(crate) fn is_read(&self) -> bool {
        self.sql.as_str().starts_with("SELECT")
    }
}

/// Replaces `:name`.
fn with_named(text: &str, sql: &mut String, arguments: &mut Vec<Argument>) {
    let mut pieces = text.split(':');
    sql.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let end = piece.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(piece.len());
        let (name, rest) = piece.split_at(end);
        push_argument(Argument::Named(name.to_owned()), sql, arguments);
        sql.push_str(rest);
    }
}

fn push_argument(argument: Argument, sql: &mut String, arguments: &mut Vec<Argument>) {
    let place = arguments.iter().position(|known| *known == argument).unwrap_or_else(|| {
        arguments.push(argument);
        arguments.len() - 1
    });
    sql.push_str(&format!("${}", place + 1));
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
-- For people.

-- == place

-- in orders
SELECT a FROM b
    WHERE c = :order;
-- in inventory
BEGIN;
SELECT v FROM s WHERE p = :product FOR NO KEY UPDATE;
INSERT INTO r VALUES (:order) ON CONFLICT DO NOTHING RETURNING pg_advisory_xact_lock(:lock);
INSERT INTO m VALUES (:product, :v + 1, 'it''s :no name', '019b76da-a800-7c83-9c0a-f0823d7b34df', :product);
COMMIT;
";

    #[test]
    fn statements_are_read_with_their_arguments_and_transactions() {
        let named = |name: &str| Argument::Named(name.to_owned());
        let mut script = parse(TEXT, true).unwrap();
        let works = script.remove(&Deed::Place).unwrap();
        let sql = |work: usize, statement: usize| works[work].statements[statement].sql.as_str();
        assert_eq!(
            works.iter().map(|work| (work.place, work.is_transaction)).collect::<Vec<_>>(),
            [(Place::Orders, false), (Place::Inventory, true)]
        );
        assert_eq!(sql(0, 0), "SELECT a FROM b WHERE c = $1");
        assert_eq!(sql(1, 0), "SELECT v FROM s WHERE p = $1 FOR NO KEY UPDATE");
        assert_eq!(sql(1, 2), "INSERT INTO m VALUES ($1, $2 + 1, 'it''s :no name', $3, $1)");
        let id = Argument::Id("019b76da-a800-7c83-9c0a-f0823d7b34df".parse().unwrap());
        assert_eq!(works[1].statements[2].arguments, [named("product"), named("v"), id]);
        assert_eq!(works[1].statements.iter().map(|one| one.answers).collect::<Vec<_>>(), [true, true, false]);
    }

    #[test]
    fn a_database_without_row_locks_is_not_asked_for_them() {
        let script = parse(TEXT, false).unwrap();
        let sql = |statement: usize| script[&Deed::Place][1].statements[statement].sql.as_str();
        assert_eq!(sql(0), "SELECT v FROM s WHERE p = $1");
        assert_eq!(sql(1), "INSERT INTO r VALUES ($1) ON CONFLICT DO NOTHING");
    }

    #[test]
    fn the_list_is_whole() {
        for locks_rows in [true, false] {
            let script = purchase(locks_rows).unwrap();
            let transactions = |deed| script[&deed].iter().filter(|work| work.is_transaction).count();
            assert!([Deed::Place, Deed::Short, Deed::Cancel].map(transactions).iter().all(|count| *count > 2));
        }
    }

    #[test]
    fn a_list_that_makes_no_sense_is_refused() {
        assert!(parse("SELECT 1;", true).is_err());
        assert!(parse("-- == place\n-- in orders\nCOMMIT;", true).is_err());
    }
}

//! What orders and inventory ask of PostgreSQL for one purchase, as its log tells it.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use tokio::time::sleep;
use uuid::Uuid;

use super::bare;
use super::customer::{Ask, Customer};
use super::databases::{Databases, Engine};
use super::market::{Market, Programs};
use crate::Outcome;

const LOG_EVERYTHING: [&str; 6] = [
    "logging_collector=on",
    "log_destination=jsonlog",
    "log_directory=statements",
    "log_filename=log",
    "log_file_mode=0644",
    "log_statement=all",
];

/// Background work looks at the databases once, at the start, and is still then.
const STILL: [(&str, &str); 2] =
    [("ORDERS_SERVICE__RECOVERY_PERIOD", "1h"), ("INVENTORY_SERVICE__SWEEP_INTERVAL", "1h")];

/// After which all that a request caused is in the log.
const LOGGED_WITHIN: Duration = Duration::from_secs(1);

/// Columns of a line, about.
const WIDTH: usize = 120;

const HEADER: &str = "\
-- What orders and inventory ask of their databases when somebody buys one unit, cancels, or finds that there is none, as
-- PostgreSQL logged it: `bench market statements` prints this file. `:name` is what differs from time to time: `:now`, what
-- the purchase is about, the columns of the last row read, and otherwise a new id.
";

/// The statements of a purchase, of one for which the stock is short, and of a cancellation, in the form of
/// `purchase.sql`.
pub(crate) async fn of_one_purchase(programs: &Programs) -> Outcome<String> {
    let databases = Databases::open(Engine::Postgresql, &LOG_EVERYTHING).await?;
    let (server, _) = databases.server().ok_or("PostgreSQL has a server")?;
    let log = server.folder.join("statements/log.json");
    let market = Market::open(programs, databases, "s", &STILL).await?;
    let mut admin = Customer::admin(market.port).await?;
    let mut customer = Customer::newcomer(market.port, 0).await?;
    let (product, customer_id) = (demo::product(0).id.to_string(), customer.id.clone());
    let mut reader = LogReader { path: log, lines: 0 };
    for number in 0..3 {
        customer.must(&Ask::place(&format!("before-{number}"), &product)).await?;
    }
    let earlier = reader.new_statements().await?;
    let customer_lock = bare::lock_of(customer_id.parse()?).to_string();
    let known = |key: &str| {
        let values = [customer_id.clone(), customer_lock.clone(), product.clone(), key.to_owned()];
        ["customer", "customer_lock", "product", "key"].into_iter().zip(values).collect::<Vec<_>>()
    };

    let placed = customer.must(&Ask::place("bought", &product)).await?;
    let order = placed["placeOrder"]["order"]["id"].as_str().unwrap_or_default();
    let mut names = Names::new(&earlier, &known("bought"));
    let mut text = names.section("place", &reader.new_statements().await?);

    customer.must(&Ask::cancel(order)).await?;
    text.push_str(&names.section("cancel", &reader.new_statements().await?));

    admin.set_stock(&product, 0).await?;
    reader.new_statements().await?;
    let refused = customer.ask(&Ask::place("short", &product)).await?;
    if refused != Err("OUT_OF_STOCK".to_owned()) {
        return Err(format!("what is not there was sold: {refused:?}").into());
    }
    let mut names = Names::new(&earlier, &known("short"));
    text.push_str(&names.section("short", &reader.new_statements().await?));
    market.close().await?;
    Ok(format!("{HEADER}{text}"))
}

/// Reads a log that grows.
struct LogReader {
    path: PathBuf,
    lines: usize,
}

impl LogReader {
    /// What was logged since the last call.
    async fn new_statements(&mut self) -> Outcome<Vec<Statement>> {
        sleep(LOGGED_WITHIN).await;
        let text = fs::read_to_string(&self.path).map_err(|error| unreadable(&self.path, &error))?;
        let statements = text.lines().skip(self.lines).filter_map(Statement::parse).collect();
        self.lines = text.lines().count();
        Ok(statements)
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[derive(Debug, PartialEq)]
struct Statement {
    database: String,
    sql: String,
    parameters: Vec<Option<String>>,
}

/// A line of the log (PostgreSQL's documentation, section 20.8.5).
#[derive(Deserialize)]
struct Line {
    dbname: Option<String>,
    message: String,
    #[serde(default)]
    detail: String,
}

impl Statement {
    /// `None` of what is no statement that one of the two services sent.
    fn parse(line: &str) -> Option<Self> {
        let Line { dbname, message, detail } = serde_json::from_str(line).ok()?;
        let database = dbname.filter(|name| ["orders", "inventory"].contains(&name.as_str()))?;
        let (head, sql) = message.split_once(": ")?;
        let sent = head == "statement" || head.starts_with("execute ");
        (sent && !is_beside(sql)).then(|| Self { database, sql: sql.to_owned(), parameters: parameters(&detail) })
    }

    /// With names for what is different in every purchase, and everything else in its place.
    fn named(&self, names: &mut Names) -> String {
        let from_row = from_row(&self.sql, &self.parameters);
        let values = self.parameters.iter().zip(from_row);
        let shown: Vec<String> = values
            .map(|(value, from_row)| match (value, from_row) {
                (_, Some(expression)) => expression,
                (Some(value), None) => names.shown(value),
                (None, None) => "NULL".to_owned(),
            })
            .collect();
        let mut sql = self.sql.clone();
        // From the last, since `$1` is the beginning of `$10`.
        for (number, value) in shown.iter().enumerate().rev() {
            sql = sql.replace(&format!("${}", number + 1), value);
        }
        sql
    }
}

/// What goes on beside purchases: the outbox is emptied, and orders that stand still are looked for.
fn is_beside(sql: &str) -> bool {
    let empties = sql.contains("\"outbox") && !sql.starts_with("INSERT");
    empties || sql.starts_with("SELECT MAX(\"order_events\"")
}

/// In the ledger, values come from the row that was locked before: `on_hand_before` is its `on_hand`, `on_hand_after` so much
/// more or less, and `version` its next one. Nothing for other parameters, nor for other statements.
fn from_row(sql: &str, parameters: &[Option<String>]) -> Vec<Option<String>> {
    let columns = sql.strip_prefix("INSERT INTO ").and_then(|rest| rest.split_once(" (")?.1.split_once(") VALUES ("));
    let columns: Vec<&str> = columns
        .into_iter()
        .flat_map(|(columns, _)| columns.split(", "))
        .map(|column| column.trim_matches('"'))
        .collect();
    let number = |column: &str| {
        let at = columns.iter().position(|known| *known == column)?;
        parameters.get(at)?.as_ref()?.parse::<i64>().ok()
    };
    let is_ledger = columns.len() == parameters.len() && columns.iter().any(|column| column.ends_with("_before"));
    let expression = |place: usize| {
        let column = columns.get(place).filter(|_| is_ledger)?;
        if *column == "version" {
            return Some(":version + 1".to_owned());
        }
        if let Some(name) = column.strip_suffix("_before") {
            return Some(format!(":{name}"));
        }
        let name = column.strip_suffix("_after")?;
        match number(column)? - number(&format!("{name}_before"))? {
            0 => Some(format!(":{name}")),
            more @ 1.. => Some(format!(":{name} + {more}")),
            less => Some(format!(":{name} - {}", less.abs())),
        }
    };
    (0..parameters.len()).map(expression).collect()
}

/// `parameters: $1 = 'it''s', $2 = NULL`, in order.
fn parameters(detail: &str) -> Vec<Option<String>> {
    let mut all = Vec::new();
    let after_sign = |text: &'_ str| text.find(" = ").map(|at| at + " = ".len());
    let mut rest = detail;
    while let Some(value) = after_sign(rest).and_then(|at| rest.get(at..)) {
        let (value, after) = match value.strip_prefix('\'') {
            Some(quoted) => unquoted(quoted),
            None => (None, value),
        };
        all.push(value);
        rest = after;
    }
    all
}

/// What stands before the closing quote, and what after it. Quotes within are doubled.
fn unquoted(text: &str) -> (Option<String>, &str) {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let (piece, after) = rest.split_once('\'').unwrap_or((rest, ""));
        value.push_str(piece);
        match after.strip_prefix('\'') {
            Some(after) => rest = after,
            None => return (Some(value), after),
        }
        value.push('\'');
    }
}

/// What values are called.
struct Names {
    known: Vec<(String, String)>,
    /// Of earlier purchases: what comes again is no new id.
    old: HashSet<String>,
}

impl Names {
    fn new(earlier: &[Statement], known: &[(&str, String)]) -> Self {
        Self {
            known: known.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            old: earlier.iter().flat_map(|statement| &statement.parameters).flatten().cloned().collect(),
        }
    }

    fn section(&mut self, deed: &str, statements: &[Statement]) -> String {
        let mut text = format!("\n-- == {deed}\n");
        let mut database = "";
        for statement in statements {
            if statement.database != database {
                database = &statement.database;
                // Writing to a string does not fail.
                let _ = write!(text, "\n-- in {database}\n");
            }
            text.push_str(&wrapped(&statement.named(self)));
            text.push_str(";\n");
        }
        text
    }

    fn shown(&mut self, value: &str) -> String {
        if let Some((name, _)) = self.known.iter().find(|(_, known)| known == value) {
            return format!(":{name}");
        }
        let is_id = value.parse::<Uuid>().is_ok();
        if is_id && !self.old.contains(value) {
            let name = self.new_name();
            self.known.push((name.clone(), value.to_owned()));
            return format!(":{name}");
        }
        match value {
            "t" => "TRUE".to_owned(),
            "f" => "FALSE".to_owned(),
            _ if value.parse::<i64>().is_ok() => value.to_owned(),
            _ if is_moment(value) => ":now".to_owned(),
            _ => format!("'{}'", value.replace('\'', "''")),
        }
    }

    /// The first new id is the order's.
    fn new_name(&self) -> String {
        let is_known = |name: &str| self.known.iter().any(|(known, _)| known == name);
        let numbered = (1..).map(|number| format!("id{number}"));
        std::iter::once("order".to_owned()).chain(numbered).find(|name| !is_known(name)).unwrap_or_default()
    }
}

/// Broken behind commas, and before words that begin a part, where a line gets too long. Text in quotes stays whole.
fn wrapped(sql: &str) -> String {
    let mut text = String::new();
    let (mut column, mut in_quotes) = (0, false);
    for word in sql.split_inclusive(' ') {
        let begins = ["FROM ", "SET ", "WHERE ", "VALUES ", "RETURNING ", "ORDER "].contains(&word);
        if !in_quotes && sql.len() > WIDTH && (column + word.len() > WIDTH || begins) {
            text.truncate(text.trim_end().len());
            text.push_str("\n    ");
            column = 4;
        }
        text.push_str(word);
        column += word.len();
        in_quotes ^= word.matches('\'').count() % 2 == 1;
    }
    text
}

/// `2026-01-31 12:00:00.25+00`.
fn is_moment(text: &str) -> bool {
    chrono::DateTime::parse_from_str(&format!("{text}00"), "%Y-%m-%d %H:%M:%S%.f%z").is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logged_statement_is_shown_with_names_for_what_differs() {
        let id = "0199aaaa-0000-7000-8000-000000000001";
        let message = "execute sqlx_s_1: UPDATE o SET a = $1, b = $2, c = $3, e = $4 WHERE id = $5";
        let detail =
            format!("parameters: $1 = 'it''s', $2 = NULL, $3 = '2026-01-31 12:00:00.25+00', $4 = '7', $5 = '{id}'");
        let line = serde_json::json!({ "dbname": "orders", "message": message, "detail": detail }).to_string();
        let statement = Statement::parse(&line).unwrap();
        assert_eq!(
            statement.parameters,
            [Some("it's"), None, Some("2026-01-31 12:00:00.25+00"), Some("7"), Some(id)].map(|v| v.map(str::to_owned))
        );
        let mut names = Names::new(&[], &[("order", id.to_owned())]);
        assert_eq!(
            names.section("place", &[statement]),
            "\n-- == place\n\n-- in orders\nUPDATE o SET a = 'it''s', b = NULL, c = :now, e = 7 WHERE id = :order;\n"
        );
    }

    #[test]
    fn new_ids_get_names_and_those_of_earlier_purchases_do_not() {
        let [old, order, line] = [1, 2, 3].map(|digit| format!("0199aaaa-0000-7000-8000-00000000000{digit}"));
        let statement = |sql: &str, ids: &[&String]| Statement {
            database: "orders".to_owned(),
            sql: sql.to_owned(),
            parameters: ids.iter().map(|id| Some((*id).clone())).collect(),
        };
        let mut names = Names::new(&[statement("", &[&old])], &[]);
        let named = statement("INSERT INTO l VALUES ($1, $2, $3)", &[&order, &line, &old]).named(&mut names);
        assert_eq!(named, format!("INSERT INTO l VALUES (:order, :id1, '{old}')"));
    }

    #[test]
    fn what_a_movement_says_comes_from_the_row_that_was_locked() {
        let sql =
            r#"INSERT INTO "movements" ("version", "kind", "on_hand_before", "on_hand_after") VALUES ($1, $2, $3, $4)"#;
        let values = ["513", "COMMIT", "7", "6"].map(|value| Some(value.to_owned()));
        let expected = [Some(":version + 1"), None, Some(":on_hand"), Some(":on_hand - 1")];
        assert_eq!(from_row(sql, &values), expected.map(|value| value.map(str::to_owned)));
        let order = r#"INSERT INTO "orders" ("version") VALUES ($1)"#;
        assert_eq!(from_row(order, &[Some("1".to_owned())]), [None]);
    }

    #[test]
    fn long_statements_are_broken_outside_of_quotes() {
        let text = "a ".repeat(70);
        let sql = format!("UPDATE o SET x = '{text}' WHERE y = 1");
        assert_eq!(wrapped(&sql), format!("UPDATE o\n    SET x = '{text}'\n    WHERE y = 1"));
        assert_eq!(wrapped("SELECT 1 FROM o"), "SELECT 1 FROM o");
    }

    #[test]
    fn what_other_databases_are_asked_is_left_out() {
        assert_eq!(Statement::parse(r#"{"dbname":"auth","message":"statement: BEGIN"}"#), None);
        assert_eq!(Statement::parse(r#"{"dbname":"orders","message":"duration: 1 ms"}"#), None);
    }
}

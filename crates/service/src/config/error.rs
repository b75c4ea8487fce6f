//! What is wrong with a configuration, in words that an operator can act on.

use std::io;
use std::path::PathBuf;

use figment::Figment;
use figment::error::Kind;
use figment::value::Value;

/// Why settings could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("no configuration file {}", path.display())]
    NoSuchFile { path: PathBuf },

    #[error("configuration file {} is neither .toml nor .yaml", path.display())]
    UnknownFormat { path: PathBuf },

    #[error("{variable} names {}, which cannot be read", path.display())]
    Secret { variable: String, path: PathBuf, source: io::Error },

    /// `key` is dotted; `value` is withheld where the key's name says that it is a secret.
    #[error("bad setting `{key}` = {value} (from {origin}): {reason}")]
    Invalid { key: String, value: String, origin: String, reason: String },

    /// The file itself does not parse, or a key is unknown or missing: there is no one value to show.
    #[error("bad configuration in {origin}: {reason}")]
    Unreadable { origin: String, reason: String },
}

impl ConfigError {
    pub(super) fn invalid(error: figment::Error, figment: &Figment) -> Self {
        let key = error.path.join(".");
        let origin = origin(&error);
        match figment.find_value(&key) {
            Ok(value) if !key.is_empty() && !matches!(value, Value::Dict(..)) => {
                let (value, reason) = shown(&key, &value, &error.kind);
                Self::Invalid { key, value, origin, reason }
            }
            _ if key.is_empty() => Self::Unreadable { origin, reason: without_excerpt(&error.kind.to_string()) },
            _ => Self::Unreadable { origin, reason: format!("{} (in `{key}`)", error.kind) },
        }
    }
}

/// The parser shows the line that it cannot read, which may hold a secret: its place is enough.
fn without_excerpt(reason: &str) -> String {
    let is_excerpt = |line: &str| line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').starts_with('|');
    reason.lines().filter(|line| !is_excerpt(line)).collect::<Vec<_>>().join(": ")
}

fn origin(error: &figment::Error) -> String {
    let Some(metadata) = &error.metadata else { return "the settings".to_owned() };
    match &metadata.source {
        Some(source) if source.file_path().is_some() => source.to_string(),
        _ if metadata.name.contains("environment") => {
            let keys: Vec<_> = error.path.iter().map(String::as_str).collect();
            metadata.interpolate(error.profile.as_ref().unwrap_or(&figment::Profile::Default), &keys)
        }
        _ => "flags or defaults".to_owned(),
    }
}

fn shown(key: &str, value: &Value, kind: &Kind) -> (String, String) {
    if is_secret(key) {
        return ("(withheld)".to_owned(), "is not what this setting wants".to_owned());
    }
    let text = match value {
        Value::String(_, text) if may_hold_secrets(text) => return ("(withheld)".to_owned(), without_value(kind)),
        Value::String(_, text) => format!("{text:?}"),
        Value::Bool(_, flag) => flag.to_string(),
        Value::Num(_, number) => number_text(number),
        _ => "a list".to_owned(),
    };
    (text, kind.to_string())
}

fn is_secret(key: &str) -> bool {
    const SECRET: [&str; 5] = ["secret", "password", "token", "private", "credential"];
    let last = key.rsplit('.').next().unwrap_or(key);
    SECRET.iter().any(|word| last.contains(word)) || key.split('.').any(|part| part == "headers")
}

/// A URL with credentials in it, or a table that does not parse, must not reach a log by way of the error that
/// rejects it.
fn may_hold_secrets(text: &str) -> bool {
    text.contains('@') || text.starts_with(['{', '['])
}

fn without_value(kind: &Kind) -> String {
    match kind {
        Kind::InvalidType(_, wanted) | Kind::InvalidValue(_, wanted) => format!("expected {wanted}"),
        _ => "is not what this setting wants".to_owned(),
    }
}

fn number_text(number: &figment::value::Num) -> String {
    match (number.to_i128(), number.to_f64()) {
        (Some(whole), _) => whole.to_string(),
        (None, Some(float)) => float.to_string(),
        (None, None) => number.to_u128_lossy().map_or_else(|| "a number".to_owned(), |whole| whole.to_string()),
    }
}

//! The environment as a source of settings.

use std::path::{Path, PathBuf};

use figment::value::{Dict, Map, Tag, Value};
use figment::{Error, Figment, Metadata, Profile, Provider};

use super::ConfigError;

/// The variables of one prefix, as a tree.
pub(super) struct Variables {
    prefix: String,
    tree: Dict,
}

impl Variables {
    /// Picks the variables that begin with `prefix` and reads the files that `…_FILE` variables name.
    /// `defaults` tells a setting whose own name ends in `_file` from such a reference.
    pub(super) fn read(
        prefix: &str,
        environment: impl IntoIterator<Item = (String, String)>,
        defaults: &Figment,
        keys: &[&str],
    ) -> Result<Self, ConfigError> {
        let mut tree = Dict::new();
        for (name, text) in environment {
            let Some(path) = key_path(prefix, &name, keys) else { continue };
            let referenced = path.strip_suffix("_file").filter(|_| !defaults.contains(&path));
            match referenced {
                Some(target) => insert(&mut tree, target, Value::from(secret_of(&name, Path::new(&text))?)),
                None => insert(&mut tree, &path, parse(&text)),
            }
        }
        Ok(Self { prefix: prefix.to_owned(), tree })
    }
}

impl Provider for Variables {
    fn metadata(&self) -> Metadata {
        let prefix = self.prefix.clone();
        Metadata::named("the environment")
            .interpolater(move |_, keys| format!("{prefix}_{}", keys.join("__").to_ascii_uppercase()))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Map::from([(Profile::Default, self.tree.clone())]))
    }
}

/// `GATEWAY__A__B_C` and `GATEWAY_A__B_C` are both `a.b_c`, the latter only where `a` is one of `keys`: Kubernetes sets
/// `GATEWAY_PORT` in every pod beside a service named `gateway`. No keys means that they are not known.
fn key_path(prefix: &str, name: &str, keys: &[&str]) -> Option<String> {
    let rest = name.strip_prefix(prefix)?.strip_prefix('_')?;
    let ours = rest.strip_prefix('_');
    let path = ours.unwrap_or(rest).to_ascii_lowercase().replace("__", ".");
    let head = path.split('.').next().unwrap_or_default();
    let known =
        keys.is_empty() || keys.contains(&head) || head.strip_suffix("_file").is_some_and(|head| keys.contains(&head));
    (!path.is_empty() && (ours.is_some() || known)).then_some(path)
}

/// Text stays text, so that a password of digits is not taken for a number: extraction converts where a number or a
/// boolean is wanted. Only lists and tables are parsed.
fn parse(text: &str) -> Value {
    let structured = text.starts_with('[') || text.starts_with('{');
    match text.parse::<Value>() {
        Ok(value) if structured => value,
        _ => Value::from(text),
    }
}

fn secret_of(name: &str, file: &Path) -> Result<String, ConfigError> {
    let text = std::fs::read_to_string(file).map_err(|source| ConfigError::Secret {
        variable: name.to_owned(),
        path: PathBuf::from(file),
        source,
    })?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

fn insert(tree: &mut Dict, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            tree.insert(path.to_owned(), value);
        }
        Some((head, tail)) => {
            let branch = tree.entry(head.to_owned()).or_insert_with(|| Value::from(Dict::new()));
            if !matches!(branch, Value::Dict(..)) {
                *branch = Value::Dict(Tag::Default, Dict::new());
            }
            if let Value::Dict(_, inner) = branch {
                insert(inner, tail, value);
            }
        }
    }
}

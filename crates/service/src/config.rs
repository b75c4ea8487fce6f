//! Settings from four places, later ones winning: defaults, a file, the environment, flags.

use std::path::Path;

use figment::Figment;
use figment::providers::{Format, Serialized, Toml, Yaml};
use figment::value::{Dict, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

mod environment;
mod error;
mod keys;

pub use error::ConfigError;

use environment::Variables;
use keys::keys_of;

/// Loads `T` from its defaults, then `file` (`.toml`, `.yaml` or `.yml`), then the process environment, then `flags`.
///
/// - The variables of `env_prefix` `GATEWAY` are `GATEWAY_LISTEN` for the key `listen` and
///   `GATEWAY__IDENTITY__ISSUER` or `GATEWAY_IDENTITY__ISSUER` for `identity.issuer`. Text is turned into numbers
///   and booleans where `T` wants them; a value that begins with `[` or `{` is read as a list or a table.
///   One whose first part is no key of `T` is taken for another program's, unless it has the two underscores: those are
///   ours, and a wrong one is an error.
/// - `GATEWAY_TOKEN_FILE` gives `token` the content of that file without its last line break, unless `T` has a key
///   `token_file` of its own. That is how secrets should come: neither in an argument nor in the environment.
/// - In `flags`, what is `None` is not set, so a clap struct of options fits.
/// - Secrets in `T` are `secrecy::SecretString` with `#[serde(skip_serializing)]` and a default.
///
/// # Errors
/// Names the key, the value (a secret's is withheld) and where it came from.
pub fn load<T>(file: Option<&Path>, env_prefix: &str, flags: impl Serialize) -> Result<T, ConfigError>
where
    T: Serialize + DeserializeOwned + Default,
{
    let environment =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    load_from(file, env_prefix, environment, flags)
}

/// [`load`] with the environment given, for tests and for processes that host several services.
///
/// # Errors
/// As [`load`].
pub fn load_from<T>(
    file: Option<&Path>,
    env_prefix: &str,
    environment: impl IntoIterator<Item = (String, String)>,
    flags: impl Serialize,
) -> Result<T, ConfigError>
where
    T: Serialize + DeserializeOwned + Default,
{
    let defaults = Figment::from(Serialized::defaults(T::default()));
    let variables = Variables::read(env_prefix, environment, &defaults, keys_of::<T>())?;
    let mut figment = defaults;
    if let Some(path) = file {
        figment = merge_file(figment, path)?;
    }
    figment = figment.merge(variables).merge(Serialized::defaults(given(flags)?));
    figment.extract_lossy().map_err(|error| ConfigError::invalid(error, &figment))
}

fn merge_file(figment: Figment, path: &Path) -> Result<Figment, ConfigError> {
    if !path.is_file() {
        return Err(ConfigError::NoSuchFile { path: path.to_owned() });
    }
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => Ok(figment.merge(Toml::file_exact(path))),
        Some("yaml" | "yml") => Ok(figment.merge(Yaml::file_exact(path))),
        _ => Err(ConfigError::UnknownFormat { path: path.to_owned() }),
    }
}

/// `flags` as a table without the options that were not given, which would otherwise overwrite what was set before.
fn given(flags: impl Serialize) -> Result<Dict, ConfigError> {
    let value = Value::serialize(flags).map_err(|error| ConfigError::invalid(error, &Figment::new()))?;
    Ok(value.into_dict().map(without_nulls).unwrap_or_default())
}

fn without_nulls(table: Dict) -> Dict {
    let kept = table.into_iter().filter_map(|(key, value)| match value {
        Value::Empty(..) => None,
        Value::Dict(tag, inner) => Some((key, Value::Dict(tag, without_nulls(inner)))),
        other => Some((key, other)),
    });
    kept.collect()
}

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use service::config::{ConfigError, load_from};
use service::serve::ServeSettings;
use tempfile::TempDir;

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    listen: std::net::SocketAddr,
    name: String,
    workers: u16,
    ratio: f64,
    verbose: bool,
    tags: Vec<String>,
    key_file: Option<PathBuf>,
    #[serde(skip_serializing)]
    client_secret: SecretString,
    #[serde(skip_serializing)]
    gateway_credential: Option<SecretString>,
    #[serde(skip_serializing)]
    headers: HashMap<String, SecretString>,
    serve: ServeSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:80".parse().unwrap(),
            name: "default".to_owned(),
            workers: 1,
            ratio: 0.5,
            verbose: false,
            tags: Vec::new(),
            key_file: None,
            client_secret: SecretString::default(),
            gateway_credential: None,
            headers: HashMap::new(),
            serve: ServeSettings::default(),
        }
    }
}

#[derive(Default, Serialize)]
struct Flags {
    name: Option<String>,
    workers: Option<u16>,
}

fn environment(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn load(file: Option<&Path>, variables: &[(&str, &str)], flags: Flags) -> Result<Settings, ConfigError> {
    load_from(file, "SHOP", environment(variables), flags)
}

fn from_variable(name: &str, value: &str) -> Result<Settings, ConfigError> {
    load(None, &[(name, value)], Flags::default())
}

fn file(directory: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn later_sources_win_and_what_is_not_given_changes_nothing() {
    let directory = TempDir::new().unwrap();
    let path = file(&directory, "shop.toml", "name = \"file\"\nworkers = 2\nratio = 0.25\n[serve]\nmax_headers = 7\n");
    let flags = Flags { workers: Some(4), name: None };
    let settings = load(Some(&path), &[("SHOP_NAME", "environment"), ("SHOP_WORKERS", "3")], flags).unwrap();
    assert_eq!((settings.name.as_str(), settings.workers, settings.ratio), ("environment", 4, 0.25));
    assert_eq!((settings.serve.max_headers, settings.serve.max_body_bytes), (7, 256 * 1024));
    assert_eq!(settings.listen.port(), 80);
}

#[test]
fn yaml_is_read_like_toml() {
    let directory = TempDir::new().unwrap();
    let path = file(&directory, "shop.yaml", "workers: 9\nserve:\n  lame_duck: 3s\n");
    let settings = load(Some(&path), &[], Flags::default()).unwrap();
    assert_eq!((settings.workers, settings.serve.lame_duck.as_secs()), (9, 3));
}

#[test]
fn variables_reach_into_tables_and_become_what_is_wanted() {
    let variables = [
        ("SHOP_SERVE__DRAIN_TIMEOUT", "1500ms"),
        ("SHOP__SERVE__MAX_HEADERS", "11"),
        ("SHOP_VERBOSE", "true"),
        ("SHOP_RATIO", "1"),
        ("SHOP_NAME", "0123"),
        ("SHOP_TAGS", "[\"a\", \"b\"]"),
        ("SHOP_LISTEN", "127.0.0.1:81"),
        ("OTHER_NAME", "x"),
    ];
    let settings = load(None, &variables, Flags::default()).unwrap();
    assert_eq!((settings.serve.drain_timeout.as_millis(), settings.serve.max_headers), (1500, 11));
    assert_eq!((settings.verbose, settings.ratio, settings.name.as_str()), (true, 1.0, "0123"));
    assert_eq!((settings.tags, settings.listen.port()), (vec!["a".to_owned(), "b".to_owned()], 81));
}

#[test]
fn secrets_come_from_files_and_stay_text() {
    let directory = TempDir::new().unwrap();
    let path = file(&directory, "secret", "12345\r\n");
    let settings = from_variable("SHOP_CLIENT_SECRET_FILE", path.to_str().unwrap()).unwrap();
    assert_eq!(settings.client_secret.expose_secret(), "12345");
    let settings = from_variable("SHOP_KEY_FILE", "/a/b").unwrap();
    assert_eq!(settings.key_file, Some(PathBuf::from("/a/b")), "a setting of its own, not a reference");

    let error = from_variable("SHOP_CLIENT_SECRET_FILE", "/nowhere").unwrap_err().to_string();
    assert_eq!(error, "SHOP_CLIENT_SECRET_FILE names /nowhere, which cannot be read");
}

#[test]
fn an_error_names_key_value_and_place() {
    let cases = HashMap::from([
        ("SHOP_WORKERS", ("many", "bad setting `workers` = \"many\" (from SHOP_WORKERS): ")),
        ("SHOP_WORKERS ", ("70000", "bad setting `workers` = \"70000\" (from SHOP_WORKERS): ")),
        ("SHOP_LISTEN", ("nowhere", "bad setting `listen` = \"nowhere\" (from SHOP_LISTEN): ")),
        ("SHOP_SERVE__LAME_DUCK", ("soon", "bad setting `serve.lame_duck` = \"soon\" (from SHOP_SERVE__LAME_DUCK): ")),
    ]);
    for (name, (value, expected)) in cases {
        let error = from_variable(name.trim(), value).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }

    let directory = TempDir::new().unwrap();
    let path = file(&directory, "shop.toml", "workers = -1\n");
    let error = load(Some(&path), &[], Flags::default()).unwrap_err().to_string();
    assert!(error.starts_with("bad setting `workers` = -1 (from ") && error.contains("shop.toml"), "{error}");
}

#[test]
fn an_error_withholds_secrets() {
    let directory = TempDir::new().unwrap();
    let path = file(&directory, "shop.toml", "client_secret = 424242\n");
    let error = load(Some(&path), &[], Flags::default()).unwrap_err().to_string();
    assert!(error.contains("client_secret") && !error.contains("424242"), "{error}");
    let error = from_variable("SHOP_LISTEN", "postgres://user:hunter2@host/db").unwrap_err().to_string();
    assert!(error.contains("listen") && !error.contains("hunter2"), "{error}");
    let error = from_variable("SHOP_SERVE", "{lame_duck=\"1s\",secret=\"hunter2\",x}").unwrap_err().to_string();
    assert!(error.contains("serve") && !error.contains("hunter2"), "a table that does not parse: {error}");
    let path = file(&directory, "gate.toml", "gateway_credential = 424242\n");
    let error = load(Some(&path), &[], Flags::default()).unwrap_err().to_string();
    assert!(error.contains("gateway_credential") && !error.contains("424242"), "{error}");
    let path = file(&directory, "headers.toml", "[headers]\nx-api-key = 424242\n");
    let error = load(Some(&path), &[], Flags::default()).unwrap_err().to_string();
    assert!(error.contains("headers.x-api-key") && !error.contains("424242"), "{error}");
    for (name, text) in
        [("cut.toml", "client_secret = \"hunter2\n"), ("cut.yaml", "client_secret: \"hunter2\nworkers: 1")]
    {
        let error = load(Some(&file(&directory, name, text)), &[], Flags::default()).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("line") && !error.contains("hunter2"), "{error}");
    }
}

#[test]
fn unknown_keys_are_errors_where_they_can_only_be_meant_for_us() {
    let directory = TempDir::new().unwrap();
    let path = file(&directory, "shop.toml", "wrokers = 1\n");
    for error in [load(Some(&path), &[], Flags::default()), from_variable("SHOP__WROKERS", "1")] {
        let error = error.unwrap_err().to_string();
        assert!(error.contains("wrokers"), "{error}");
    }
    from_variable("SHOP_SERVICE_HOST", "10.0.0.1").unwrap();
}

#[test]
fn a_file_that_is_not_there_or_not_known_is_named() {
    let missing = load(Some(Path::new("/nowhere/shop.toml")), &[], Flags::default()).unwrap_err().to_string();
    assert_eq!(missing, "no configuration file /nowhere/shop.toml");
    let directory = TempDir::new().unwrap();
    let path = file(&directory, "shop.ini", "");
    let unknown = load(Some(&path), &[], Flags::default()).unwrap_err().to_string();
    assert!(unknown.ends_with("is neither .toml nor .yaml"), "{unknown}");
    let path = file(&directory, "shop.toml", "workers = \n");
    let broken = load(Some(&path), &[], Flags::default()).unwrap_err().to_string();
    assert!(broken.starts_with("bad configuration in ") && broken.contains("shop.toml"), "{broken}");
}

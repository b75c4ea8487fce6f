//! The documents in `schema/` are what this build serves.

use std::{fs, path::Path};

use mercado::Ports;
use subgraph::Subgraph;

#[test]
fn auth() {
    check("auth", &auth::Auth::sdl());
}

#[test]
fn products() {
    check("products", &products::Products::sdl());
}

#[test]
fn inventory() {
    check("inventory", &inventory::Inventory::sdl());
}

#[test]
fn orders() {
    check("orders", &orders::Orders::sdl());
}

#[test]
fn supergraph() {
    check("supergraph", mercado::compose(&Ports::default()).unwrap().sdl());
}

#[test]
fn api() {
    check("api", &mercado::compose(&Ports::default()).unwrap().api_sdl());
}

/// Compares a document with its committed form; with `UPDATE_SCHEMA` set, commits to the new one.
fn check(name: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema").join(format!("{name}.graphql"));
    let now = format!("{}\n", now.trim_end());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &now).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == now,
        "schema/{name}.graphql is not what the code serves; read `git diff` after UPDATE_SCHEMA=1 cargo test -p mercado schema"
    );
}

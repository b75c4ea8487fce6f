//! Who may import whom. A new edge between crates needs a line here, and a reason.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Our own crates, with those of ours that each may depend on outside of its tests.
const LAYERS: [(&str, &[&str]); 13] = [
    ("bench", &["demo", "service", "testing"]),
    ("client", &[]),
    ("demo", &[]),
    ("document", &[]),
    ("service", &[]),
    ("testing", &["service"]),
    ("subgraph", &["client", "demo", "document", "service"]),
    ("auth", &["client", "demo", "service", "subgraph"]),
    ("products", &["client", "demo", "service", "subgraph"]),
    ("inventory", &["client", "demo", "service", "subgraph"]),
    ("orders", &["client", "demo", "service", "subgraph"]),
    ("gateway", &["client", "document", "service"]),
    ("mercado", &["auth", "demo", "gateway", "inventory", "orders", "products", "service", "subgraph"]),
];

#[test]
fn crates_depend_only_downwards() {
    let layers = BTreeMap::from(LAYERS);
    for package in metadata()["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let allowed = layers.get(name).unwrap_or_else(|| panic!("crate {name} has no line in LAYERS"));
        for dependency in package["dependencies"].as_array().unwrap() {
            let (on, is_ours) = (dependency["name"].as_str().unwrap(), !dependency["path"].is_null());
            let for_tests = dependency["kind"] == "dev";
            if is_ours && !for_tests {
                assert!(allowed.contains(&on), "{name} must not depend on {on}");
            }
        }
    }
}

#[test]
fn domain_code_does_not_know_graphql() {
    for service in ["auth", "products", "inventory", "orders"] {
        let domain = root().join("subgraphs").join(service).join("src/domain");
        for (file, text) in sources(&domain) {
            assert!(!text.contains("async_graphql"), "{} names async_graphql", file.display());
        }
    }
}

#[test]
fn migrations_import_nothing_of_ours() {
    for service in ["auth", "products", "inventory", "orders"] {
        let migrations = root().join("subgraphs").join(service).join("src/migrations");
        for (file, text) in sources(&migrations) {
            for ours in ["crate::", "subgraph::", "service::", "client::", "demo::"] {
                assert!(!text.contains(ours), "{} uses {ours}", file.display());
            }
        }
    }
}

#[test]
fn the_gateway_knows_nothing_of_commerce() {
    for (file, text) in sources(&root().join("gateway/src")) {
        for word in ["product", "inventory", "price", "stock"] {
            let found =
                text.to_lowercase().lines().any(|line| line.split(|c: char| !c.is_alphanumeric()).any(|w| w == word));
            assert!(!found, "{} speaks of {word}", file.display());
        }
    }
}

#[test]
fn fail_points_are_in_tests_only() {
    let features = |edges: &str| {
        let arguments = ["tree", "--package", "mercado", "--edges", edges, "--locked", "--offline"];
        let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(features("normal,build,dev,features").contains("failpoints"));
    assert!(!features("normal,build,features").contains("failpoints"));
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every Rust file below a folder; the folder must have some.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "no sources below {}", folder.display());
    found
}

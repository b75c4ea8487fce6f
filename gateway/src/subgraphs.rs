//! `supergraph.yaml` in the format that Rover and Hive read: which subgraphs there are, and where their schemas come from.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use client::{Client, ClientSettings, Deadline, OperationKind};
use figment::Figment;
use figment::providers::{Format, Yaml};
use http::HeaderMap;
use serde::Deserialize;
use thiserror::Error;

use crate::supergraph::SubgraphSource;

/// For the schema of one subgraph.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);

/// Why the subgraphs of a `supergraph.yaml` cannot be had.
#[derive(Debug, Error)]
pub enum SubgraphsError {
    #[error("{} cannot be read as a list of subgraphs", path.display())]
    File { path: PathBuf, source: Box<figment::Error> },
    #[error("{} asks for Federation {version}, and only 2 can be composed", path.display())]
    Version { path: PathBuf, version: String },
    #[error("the schema of subgraph {name} cannot be read from {}", path.display())]
    SchemaFile { name: String, path: PathBuf, source: std::io::Error },
    #[error("the schema of subgraph {name} cannot be fetched from {url}")]
    Fetch { name: String, url: String, source: Box<dyn Error + Send + Sync> },
    #[error("subgraph {name} has no routing_url")]
    NoUrl { name: String },
}

#[derive(Deserialize)]
struct File {
    /// `2`, `=2.9.0` or absent; Rover takes its composition's version from it, here only the major one counts.
    #[serde(default, deserialize_with = "text")]
    federation_version: String,
    subgraphs: BTreeMap<String, Subgraph>,
}

#[derive(Deserialize)]
struct Subgraph {
    /// May be left out where the schema is fetched: from the same place.
    routing_url: Option<String>,
    schema: Schema,
}

impl Subgraph {
    fn url(&self) -> Option<String> {
        match (&self.routing_url, &self.schema) {
            (Some(url), _) | (None, Schema::SubgraphUrl(url)) => Some(url.clone()),
            (None, _) => None,
        }
    }
}

/// Rover knows one more kind, a schema in Apollo's registry, which cannot be had from here.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Schema {
    /// Relative to the file that names it.
    File(PathBuf),
    /// Answers `{ _service { sdl } }`.
    SubgraphUrl(String),
    Sdl(String),
}

/// Reads the file and all schemas that it names, in the order of the subgraphs' names.
///
/// # Errors
/// Names the file, the subgraph and the place where its schema should be.
pub async fn load(path: &Path) -> Result<Vec<SubgraphSource>, SubgraphsError> {
    let unreadable = |source| SubgraphsError::File { path: path.to_owned(), source: Box::new(source) };
    let file: File = Figment::from(Yaml::file_exact(path)).extract().map_err(unreadable)?;
    let version = file.federation_version.trim_start_matches('=');
    if !version.is_empty() && version.split('.').next() != Some("2") {
        return Err(SubgraphsError::Version { path: path.to_owned(), version: version.to_owned() });
    }
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut sources = Vec::new();
    for (name, subgraph) in file.subgraphs {
        let url = subgraph.url().ok_or_else(|| SubgraphsError::NoUrl { name: name.clone() })?;
        let sdl = sdl(&name, subgraph.schema, directory).await?;
        sources.push(SubgraphSource { name, url, sdl });
    }
    Ok(sources)
}

async fn sdl(name: &str, schema: Schema, directory: &Path) -> Result<String, SubgraphsError> {
    match schema {
        Schema::Sdl(sdl) => Ok(sdl),
        Schema::File(path) => {
            let path = directory.join(path);
            let read = tokio::fs::read_to_string(&path).await;
            read.map_err(|source| SubgraphsError::SchemaFile { name: name.to_owned(), path, source })
        }
        Schema::SubgraphUrl(url) => {
            fetch(name, &url).await.map_err(|source| SubgraphsError::Fetch { name: name.to_owned(), url, source })
        }
    }
}

/// <https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec#query_service>
async fn fetch(name: &str, url: &str) -> Result<String, Box<dyn Error + Send + Sync>> {
    #[derive(Deserialize)]
    struct Data {
        #[serde(rename = "_service")]
        service: Service,
    }
    #[derive(Deserialize)]
    struct Service {
        sdl: String,
    }
    let client = Client::new(name, url, ClientSettings::default())?;
    let deadline = Deadline::after(FETCH_TIMEOUT);
    let data: Data = client
        .execute(OperationKind::Query, "{ _service { sdl } }", serde_json::json!({}), HeaderMap::new(), deadline)
        .await?;
    Ok(data.service.sdl)
}

/// YAML takes `2` for a number.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Version {
        Text(String),
        Whole(u64),
        Decimal(f64),
    }
    Ok(match Version::deserialize(deserializer)? {
        Version::Text(text) => text,
        Version::Whole(number) => number.to_string(),
        Version::Decimal(number) => number.to_string(),
    })
}

//! The subgraphs as a process of their own, and the supergraph that is composed of them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use bytes::Bytes;
use hyper::Method;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::Outcome;
use crate::connection::Connection;
use crate::process::Process;
use crate::subgraphs::NAMES;

pub(crate) struct Market {
    ports: [u16; 4],
    folder: TempDir,
    _subgraphs: Process,
}

impl Market {
    /// Composes with the gateway's own command.
    pub(crate) async fn open(gateway: &Path) -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("subgraphs").stdout(Stdio::piped());
        let mut subgraphs = Process::spawn(command)?;
        let output = subgraphs.output().ok_or("the subgraphs have no standard output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).await?;
        let market = Self { ports: serde_json::from_str(&line)?, folder, _subgraphs: subgraphs };
        market.compose(gateway).await?;
        Ok(market)
    }

    async fn compose(&self, gateway: &Path) -> Outcome {
        let config = self.folder.path().join("supergraph.yaml");
        let mut subgraphs = "federation_version: =2.5.0\nsubgraphs:\n".to_owned();
        for (name, port) in NAMES.iter().zip(self.ports) {
            write!(subgraphs, "  {name}:\n    schema:\n      subgraph_url: http://127.0.0.1:{port}/graphql\n")?;
        }
        fs::write(&config, subgraphs)?;
        let mut compose = Command::new(gateway);
        compose.arg("compose").arg("--config").arg(&config).arg("--output").arg(self.supergraph());
        if !compose.status().await?.success() {
            return Err("the subgraphs do not compose".into());
        }
        Ok(())
    }

    pub(crate) fn supergraph(&self) -> PathBuf {
        self.folder.path().join("supergraph.graphql")
    }

    /// How many requests the subgraphs have had, all together.
    pub(crate) async fn requests(&self) -> Outcome<u64> {
        let mut sum = 0;
        for port in self.ports {
            let (_, count) = Connection::open(port).await?.send(Method::GET, "/requests", Bytes::new()).await?;
            sum += std::str::from_utf8(&count)?.parse::<u64>()?;
        }
        Ok(sum)
    }

    /// From now on this subgraph takes so much longer.
    pub(crate) async fn delay(&self, subgraph: &str, milliseconds: u64) -> Outcome {
        let (_, port) = NAMES.iter().zip(self.ports).find(|(name, _)| **name == subgraph).ok_or("no such subgraph")?;
        let path = format!("/delay/{milliseconds}");
        Connection::open(port).await?.send(Method::POST, &path, Bytes::new()).await?;
        Ok(())
    }
}

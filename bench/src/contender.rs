//! Who is measured, and how each is started.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;
use serde_json::json;
use tokio::process::Command;
use tokio::time::{MissedTickBehavior, interval};

use crate::Outcome;
use crate::connection::Connection;
use crate::process::Process;

/// How long a contender may take from its start to its first answer.
const START: Duration = Duration::from_secs(60);

/// What concurrent client requests share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Sharing {
    Nothing,
    SubgraphRequests,
    ClientRequests,
}

impl Sharing {
    /// What stands for `{mode}` in a peer's command.
    fn mode(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::SubgraphRequests => "subgraph-requests",
            Self::ClientRequests => "client-requests",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Contender {
    /// Ours.
    Gateway { binary: PathBuf },
    /// A command with `{supergraph}`, `{port}` and `{mode}` in it, split at white space; no shell reads it.
    Peer { name: String, command: String },
    /// Answers with so many bytes.
    Floor { size: usize },
}

/// A contender that answers.
pub(crate) struct Running {
    pub process: Process,
    pub port: u16,
    /// From the start of the process to its first answer.
    pub started_in: Duration,
}

impl Contender {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Gateway { .. } => "gateway",
            Self::Peer { name, .. } => name,
            Self::Floor { .. } => "floor",
        }
    }

    pub(crate) fn is_floor(&self) -> bool {
        matches!(self, Self::Floor { .. })
    }

    /// Files of its own go to the folder of the supergraph.
    pub(crate) async fn start(&self, supergraph: &Path, sharing: Sharing) -> Outcome<Running> {
        let folder = supergraph.parent().unwrap_or(Path::new("."));
        let port = free_port()?;
        let command = match self {
            Self::Gateway { binary } => gateway(binary, supergraph, &settings(folder, sharing)?, port),
            Self::Peer { command, .. } => peer(command, supergraph, sharing, port)?,
            Self::Floor { size } => floor(*size, port)?,
        };
        let log = folder.join(format!("{}.log", self.name().replace('/', "-")));
        let begun = Instant::now();
        let process = Process::start(command, &log)?;
        match answering(process, port, begun).await {
            Ok(process) => Ok(Running { process, port, started_in: begun.elapsed() }),
            Err(error) => {
                let log = fs::read_to_string(&log).unwrap_or_default();
                Err(format!("{} does not answer: {error}\n{}", self.name(), log.trim_end()).into())
            }
        }
    }
}

fn gateway(binary: &Path, supergraph: &Path, settings: &Path, port: u16) -> Command {
    let mut command = Command::new(binary);
    command.arg("serve").arg("--settings").arg(settings).arg("--supergraph").arg(supergraph);
    command.arg("--listen").arg(format!("127.0.0.1:{port}"));
    command
}

/// Lines of JSON are YAML as well.
fn settings(folder: &Path, sharing: Sharing) -> Outcome<PathBuf> {
    let engine = json!({
        "share_subgraph_requests": sharing != Sharing::Nothing,
        "batch_across_requests": sharing != Sharing::Nothing,
        "share_client_requests": sharing == Sharing::ClientRequests,
    });
    let path = folder.join(format!("gateway-{}.yaml", sharing.mode()));
    fs::write(&path, json!({ "engine": engine }).to_string())?;
    Ok(path)
}

fn peer(command: &str, supergraph: &Path, sharing: Sharing, port: u16) -> Outcome<Command> {
    let filled = |word: &str| {
        let word = word.replace("{port}", &port.to_string()).replace("{mode}", sharing.mode());
        word.replace("{supergraph}", &supergraph.to_string_lossy())
    };
    let mut words = command.split_ascii_whitespace().map(filled);
    let mut command = Command::new(words.next().ok_or("a peer's command is empty")?);
    command.args(words);
    Ok(command)
}

fn floor(size: usize, port: u16) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("floor").arg("--port").arg(port.to_string()).arg("--size").arg(size.to_string());
    Ok(command)
}

/// For those who cannot be asked which port they took.
pub(crate) fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

async fn answering(mut process: Process, port: u16, begun: Instant) -> Outcome<Process> {
    let probe = Bytes::from_static(br#"{"query":"{ __typename }"}"#);
    let mut tries = interval(Duration::from_millis(1));
    tries.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tries.tick().await;
        let wrong = match Connection::open(port).await {
            Ok(mut connection) => match connection.ask(probe.clone()).await {
                Ok((status, _)) if status.is_success() => return Ok(process),
                Ok((status, _)) => format!("status {status}").into(),
                Err(error) => error,
            },
            Err(error) => error,
        };
        if process.ended() || begun.elapsed() > START {
            return Err(wrong);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peers_command_is_filled_in_and_split_without_a_shell() {
        let template = "env PORT={port} FILE={supergraph} router --config x/{mode}.yaml '$HOME'";
        let command = peer(template, Path::new("/a b/s.graphql"), Sharing::SubgraphRequests, 4321).unwrap();
        let words: Vec<_> = command.as_std().get_args().map(|word| word.to_str().unwrap()).collect();
        let wanted = ["PORT=4321", "FILE=/a b/s.graphql", "router", "--config", "x/subgraph-requests.yaml", "'$HOME'"];
        assert_eq!(command.as_std().get_program(), "env");
        assert_eq!(words, wanted);
        assert!(peer(" ", Path::new("s"), Sharing::Nothing, 1).is_err());
    }
}

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use gateway::config::Config;
use gateway::pipeline::{Gateway, GatewaySettings};
use gateway::supergraph::Supergraph;
use gateway::{http, subgraphs};
use serde::Serialize;
use service::health::probe;
use service::serve::{BoundServer, Workers};
use service::shutdown::Shutdown;
use service::telemetry;
use service::token::Verifier;

type Outcome = Result<(), Box<dyn Error>>;

/// A GraphQL federation gateway.
#[derive(Debug, Parser)]
#[command(name = "gateway", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a supergraph over HTTP.
    Serve(Serve),
    /// Compose subgraphs to a supergraph, or list what keeps them from composing.
    Compose {
        /// Names the subgraphs and where their schemas are, in Rover's format (supergraph.yaml).
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Write the supergraph here instead of to standard output.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Show how an operation would be executed, without executing it.
    Plan {
        #[command(flatten)]
        graph: Graph,
        /// A GraphQL document.
        #[arg(long, value_name = "FILE")]
        operation: PathBuf,
        /// Which operation, if the document has several.
        #[arg(long, value_name = "NAME")]
        operation_name: Option<String>,
    },
    /// Show the schema that clients see.
    ApiSchema {
        #[command(flatten)]
        graph: Graph,
    },
    /// Ask a running gateway whether it is ready; for containers that have no curl.
    Healthcheck {
        #[arg(long, default_value = "http://127.0.0.1:4000/ready")]
        url: String,
    },
}

#[derive(Debug, Args)]
struct Serve {
    /// Settings in TOML or YAML; the environment (GATEWAY_…) and the flags here go before it.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Serve this supergraph.
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    supergraph: Option<PathBuf>,
    /// Compose these subgraphs first, and serve them (supergraph.yaml).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port; port 0 lets the system choose.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Serve GraphiQL at `/`.
    #[arg(long)]
    playground: bool,
}

/// Exactly one of the two places a supergraph can come from.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Graph {
    /// A composed supergraph.
    #[arg(long, value_name = "FILE")]
    supergraph: Option<PathBuf>,
    /// Subgraphs to compose first (supergraph.yaml).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Cli {
    pub(crate) async fn run(self) -> Outcome {
        match self.command {
            Command::Serve(arguments) => serve(arguments).await,
            Command::Compose { config, output } => compose(&config, output.as_deref()).await,
            Command::Plan { graph, operation, operation_name } => {
                plan(graph, &operation, operation_name.as_deref()).await
            }
            Command::ApiSchema { graph } => print(&graph.load().await?.api_sdl()),
            Command::Healthcheck { url } => Ok(probe(&url).await?),
        }
    }
}

async fn serve(arguments: Serve) -> Outcome {
    let config = arguments.config()?;
    telemetry::init("gateway", &config.telemetry)?;
    let graph = Graph { supergraph: config.supergraph, config: config.subgraphs };
    let gateway = Arc::new(Gateway::new(graph.load().await?, config.engine)?);
    let verifier = config.identity.map(Verifier::new).transpose()?;
    let server = BoundServer::bind(config.listen, &config.serve).await?;
    tracing::info!(address = %server.local_addr(), "gateway listening");
    let shutdown = Shutdown::on_signals();
    server.run_on(Workers::start()?, http::site(gateway, config.edge, verifier, shutdown.clone()), shutdown).await;
    Ok(())
}

impl Serve {
    fn config(self) -> Result<Config, Box<dyn Error>> {
        #[derive(Serialize)]
        struct Flags {
            listen: Option<SocketAddr>,
            supergraph: Option<PathBuf>,
            subgraphs: Option<PathBuf>,
        }
        let named_here = self.supergraph.is_some() || self.config.is_some();
        let (supergraph, subgraphs) = (self.supergraph.clone(), self.config.clone());
        let flags = Flags { listen: self.listen, supergraph: self.supergraph, subgraphs: self.config };
        let mut config = Config::load(self.settings.as_deref(), flags)?;
        if named_here {
            // A flag replaces either key, not only its own.
            (config.supergraph, config.subgraphs) = (supergraph, subgraphs);
        }
        config.edge.playground |= self.playground;
        Ok(config)
    }
}

impl Graph {
    async fn load(self) -> Result<Supergraph, Box<dyn Error>> {
        match (self.supergraph, self.config) {
            (Some(path), None) => Ok(Supergraph::from_sdl(&read(&path)?)?),
            (None, Some(path)) => Ok(Supergraph::compose(&subgraphs::load(&path).await?)?),
            _ => Err("name one graph to serve: `supergraph` (--supergraph FILE) or `subgraphs` (--config FILE)".into()),
        }
    }
}

async fn compose(config: &Path, output: Option<&Path>) -> Outcome {
    let supergraph = Supergraph::compose(&subgraphs::load(config).await?)?;
    match output {
        Some(path) => std::fs::write(path, supergraph.sdl()).map_err(|error| unusable(path, &error)),
        None => print(supergraph.sdl()),
    }
}

async fn plan(graph: Graph, operation: &Path, name: Option<&str>) -> Outcome {
    let operation = read(operation)?;
    let gateway = Gateway::new(graph.load().await?, GatewaySettings::default())?;
    print(&gateway.plan_text(&operation, name).await?)
}

fn read(path: &Path) -> Result<String, Box<dyn Error>> {
    std::fs::read_to_string(path).map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, error: &std::io::Error) -> Box<dyn Error> {
    format!("{}: {error}", path.display()).into()
}

/// Writes the text with a line break at its end. A reader that has had enough, such as `head`, is no error.
fn print(text: &str) -> Outcome {
    match writeln!(std::io::stdout(), "{}", text.trim_end()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

//! Five processes: the gateway and four services, configured as `docker-compose.yml` does it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as Program;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::Method;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::sleep;

use super::databases::Databases;
use crate::connection::Connection;
use crate::contender::free_port;
use crate::process::Process;
use crate::{Outcome, tell};

pub(crate) const SERVICES: [&str; 4] = ["auth", "products", "inventory", "orders"];

/// In the order in which they are told of.
pub(crate) const PROCESSES: [&str; 5] = ["gateway", "auth", "products", "inventory", "orders"];

/// Of the administrator that the market begins with.
pub(crate) const ADMIN: (&str, &str) = ("admin@bench.test", "a password for one benchmark");

/// How long a process may take from its start until it is ready.
const START: Duration = Duration::from_secs(60);

/// The programs of a market, in one folder.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    folder: PathBuf,
    /// Of their source, in a checkout.
    pub commit: String,
}

impl Programs {
    /// Those in this folder; without one they are built first, as they are deployed, beside this.
    pub(crate) fn in_folder(folder: Option<PathBuf>) -> Outcome<Self> {
        let folder = match folder {
            Some(folder) => folder,
            None => build()?,
        };
        let said = Program::new("git").args(["describe", "--always", "--dirty"]).output();
        let commit = said.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
        Ok(Self { folder: folder.canonicalize()?, commit })
    }

    fn command(&self, program: &str) -> Command {
        Command::new(self.folder.join(program))
    }
}

fn build() -> Outcome<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let packages = PROCESSES.iter().chain(&["mercado"]).flat_map(|package| ["--package", package]);
    let mut command = Program::new(cargo);
    command.args(["build", "--release", "--locked"]).args(packages).args(["--features", "gateway/jemalloc"]);
    if !command.status()?.success() {
        return Err("the market cannot be built".into());
    }
    let here = std::env::current_exe()?;
    Ok(here.parent().ok_or("this program is in no folder")?.to_owned())
}

/// A market that is open.
pub(crate) struct Market {
    /// The gateway's.
    pub port: u16,
    pub databases: Databases,
    processes: [Process; 5],
    plan: Plan,
}

/// What the processes are told.
struct Plan {
    programs: Programs,
    /// In the order of [`PROCESSES`].
    ports: [u16; 5],
    /// By service.
    databases: [String; 4],
    /// The services of this market know each other and the gateway by it.
    secret: String,
    /// Variables beside those that every market needs.
    extra: &'static [(&'static str, &'static str)],
    folder: TempDir,
}

impl Market {
    /// With so many products of the demo market as `products seed` has in this size, `s` or `m`; everything else is of size
    /// S.
    pub(crate) async fn open(
        programs: &Programs,
        databases: Databases,
        catalogue: &str,
        extra: &'static [(&'static str, &'static str)],
    ) -> Outcome<Self> {
        tell(format_args!("a market on {}, products of size {catalogue}", databases.engine().name()))?;
        let mut ports = [0; 5];
        for port in &mut ports {
            *port = free_port()?;
        }
        let plan = Plan {
            programs: programs.clone(),
            ports,
            databases: SERVICES.map(|service| databases.url(service)),
            secret: format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>()),
            extra,
            folder: tempfile::tempdir()?,
        };
        for (service, size) in [("products", catalogue), ("inventory", "s"), ("orders", "s")] {
            plan.run(service, &["seed", "--size", size]).await?;
        }
        plan.write_supergraph().await?;
        let auth = plan.serve("auth").await?;
        let products = plan.serve("products").await?;
        let inventory = plan.serve("inventory").await?;
        let orders = plan.serve("orders").await?;
        let gateway = plan.serve("gateway").await?;
        let processes = [gateway, auth, products, inventory, orders];
        Ok(Self { port: ports[0], databases, processes, plan })
    }

    /// CPU time of each process since its start, in the order of [`PROCESSES`].
    pub(crate) fn cpu(&self) -> Outcome<[Duration; 5]> {
        let mut all = [Duration::ZERO; 5];
        for (sum, process) in all.iter_mut().zip(&self.processes) {
            *sum = process.cpu()?;
        }
        Ok(all)
    }

    /// Has the market's own command compare orders with their stock.
    ///
    /// # Errors
    /// When a rule is broken; with what the command says.
    pub(crate) async fn verify(&self) -> Outcome {
        let mut command = self.plan.programs.command("mercado");
        command.args(["verify", "--orders-database-url"]).arg(self.databases.url("orders"));
        command.arg("--inventory-database-url").arg(self.databases.url("inventory"));
        succeed(command, "mercado verify").await.map(drop)
    }

    /// Ends the processes. The databases stay.
    pub(crate) async fn close(self) -> Outcome<Databases> {
        for process in self.processes {
            process.end().await?;
        }
        Ok(self.databases)
    }
}

impl Plan {
    fn command(&self, process: &str) -> Command {
        let mut command = self.programs.command(process);
        command.envs(self.environment(process)).envs(self.extra.iter().copied()).current_dir(self.folder.path());
        command
    }

    async fn run(&self, service: &str, arguments: &[&str]) -> Outcome<String> {
        let mut command = self.command(service);
        command.args(arguments);
        succeed(command, &format!("{service} {}", arguments.join(" "))).await
    }

    /// What `gateway serve --config` reads: the schemas as the services print them.
    async fn write_supergraph(&self) -> Outcome {
        let mut config = "federation_version: =2.5.0\nsubgraphs:\n".to_owned();
        for service in SERVICES {
            let file = format!("{service}.graphql");
            fs::write(self.folder.path().join(&file), self.run(service, &["schema"]).await?)?;
            let url = self.url(service, "graphql");
            write!(config, "  {service}:\n    routing_url: {url}\n    schema:\n      file: ./{file}\n")?;
        }
        Ok(fs::write(self.folder.path().join("supergraph.yaml"), config)?)
    }

    async fn serve(&self, process: &str) -> Outcome<Process> {
        let mut command = self.command(process);
        command.arg("serve");
        if process == "gateway" {
            let listen = format!("127.0.0.1:{}", self.port(process));
            command.args(["--config", "supergraph.yaml", "--listen"]).arg(listen);
        }
        let log = self.folder.path().join(process).with_extension("log");
        let started = Process::start(command, &log)?;
        ready(started, self.port(process)).await.map_err(|error| failed(process, &*error, &log))
    }

    fn port(&self, process: &str) -> u16 {
        let named = PROCESSES.iter().zip(self.ports).find(|(name, _)| **name == process);
        named.map(|(_, port)| port).unwrap_or_default()
    }

    fn url(&self, service: &str, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port(service))
    }

    fn environment(&self, process: &str) -> Vec<(String, String)> {
        let secret = &self.secret;
        let jwks = self.url("auth", ".well-known/jwks.json");
        let mut variables = vec![("IDENTITY__JWKS_URL".to_owned(), jwks)];
        let mut set = |name: &str, value: String| variables.push((name.to_owned(), value));
        if process == "gateway" {
            set("ENGINE__LIMITS__ONCE", r#"["login","register","refreshSession"]"#.to_owned());
            for service in SERVICES {
                let header = format!("ENGINE__SUBGRAPHS__{}__HEADERS__X_GATEWAY_CREDENTIAL", service.to_uppercase());
                set(&header, secret.clone());
            }
            for service in ["PRODUCTS", "INVENTORY"] {
                set(&format!("ENGINE__SUBGRAPHS__{service}__HIDES_CALLERS"), "references".to_owned());
            }
        } else {
            set("LISTEN", format!("127.0.0.1:{}", self.port(process)));
            set("GATEWAY_CREDENTIAL", secret.clone());
            let database = SERVICES.iter().zip(&self.databases).find(|(service, _)| **service == process);
            set("DATABASE__URL", database.map(|(_, url)| url.clone()).unwrap_or_default());
        }
        if process == "auth" {
            let principal = |name| format!(r#""{name}"={{secret="{secret}",scopes=["service"]}}"#);
            set("SERVICE__PRINCIPALS", format!("{{{},{}}}", principal("orders"), principal("inventory")));
            set("SERVICE__BOOTSTRAP_ADMIN__EMAIL", ADMIN.0.to_owned());
            set("SERVICE__BOOTSTRAP_ADMIN__PASSWORD", ADMIN.1.to_owned());
            // Customers sign in once: what is measured is buying.
            set("SERVICE__ACCESS_TOKEN_LIFETIME", "1h".to_owned());
        }
        if ["inventory", "orders"].contains(&process) {
            set("SERVICE__PRODUCTS_URL", self.url("products", "graphql"));
            set("SERVICE__PRINCIPAL__TOKEN_URL", self.url("auth", "oauth/token"));
            set("SERVICE__PRINCIPAL__CLIENT_ID", process.to_owned());
            set("SERVICE__PRINCIPAL__CLIENT_SECRET", secret.clone());
        }
        if process == "orders" {
            set("SERVICE__INVENTORY_URL", self.url("inventory", "graphql"));
        }
        let prefix = process.to_uppercase();
        variables.into_iter().map(|(name, value)| (format!("{prefix}_{name}"), value)).collect()
    }
}

async fn ready(mut process: Process, port: u16) -> Outcome<Process> {
    let begun = Instant::now();
    loop {
        let wrong = match Connection::open(port).await {
            Ok(mut connection) => match connection.send(Method::GET, "/ready", Bytes::new()).await {
                Ok((status, _)) if status.is_success() => return Ok(process),
                Ok((status, _)) => format!("status {status}").into(),
                Err(error) => error,
            },
            Err(error) => error,
        };
        if process.ended() || begun.elapsed() > START {
            return Err(wrong);
        }
        sleep(Duration::from_millis(10)).await;
    }
}

fn failed(process: &str, error: &dyn std::error::Error, log: &Path) -> Box<dyn std::error::Error + Send + Sync> {
    let log = fs::read_to_string(log).unwrap_or_default();
    format!("{process} is not ready: {error}\n{}", log.trim_end()).into()
}

async fn succeed(mut command: Command, what: &str) -> Outcome<String> {
    let output = command.kill_on_drop(true).output().await.map_err(|error| format!("{what}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{what} failed: {}", String::from_utf8_lossy(&said).trim_end()).into())
}

//! A NATS server with JetStream of a test's own.

use std::{
    collections::{BTreeMap, HashSet},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use async_nats::jetstream::{self, consumer::pull::OrderedConfig};
use futures_util::StreamExt as _;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{io::AsyncReadExt as _, net::TcpStream, time::sleep};

/// How long an event that the stream has may take to be read.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that ends with this, and whose stream outlives a [`stop`](Self::stop).
pub struct TestNats {
    pub url: String,
    port: u16,
    binary: PathBuf,
    folder: TempDir,
    server: Option<Child>,
}

/// A server, or `None`, said loudly, where there is no `nats-server`. With `MERCADO_REQUIRE_NATS` set, a missing one
/// fails the test.
pub async fn nats() -> Option<TestNats> {
    let Some(binary) = binary() else {
        let say = "NOT RUN with NATS: no nats-server was found";
        assert!(std::env::var_os("MERCADO_REQUIRE_NATS").is_none(), "{say}");
        #[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
        {
            eprintln!("{say}");
        }
        return None;
    };
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let mut nats = TestNats { url: format!("nats://127.0.0.1:{port}"), port, binary, folder, server: None };
    nats.start().await;
    Some(nats)
}

impl TestNats {
    /// Starts the server again, on the same port and with what it has stored.
    pub async fn start(&mut self) {
        let mut command = Command::new(&self.binary);
        command.args(["-js", "-a", "127.0.0.1", "-p", &self.port.to_string(), "-sd"]).arg(self.folder.path());
        self.server = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        while !self.answers().await {
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Kills the server.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// The first so many events under the subject, which may have wildcards, as they lie in the stream.
    ///
    /// # Panics
    /// When they are not there within half a minute.
    pub async fn events(&self, subject: &str, count: usize) -> Vec<Value> {
        let read = async {
            let client = async_nats::connect(&self.url).await.unwrap();
            let stream = loop {
                match jetstream::new(client.clone()).get_stream("MERCADO").await {
                    Ok(stream) => break stream,
                    Err(_) => sleep(Duration::from_millis(20)).await,
                }
            };
            let config = OrderedConfig { filter_subject: subject.to_owned(), ..OrderedConfig::default() };
            let messages = stream.create_consumer(config).await.unwrap().messages().await.unwrap();
            let events = messages.take(count).map(|message| serde_json::from_slice(&message.unwrap().payload).unwrap());
            events.collect().await
        };
        tokio::time::timeout(PATIENCE, read).await.expect("the stream has so many events")
    }

    /// NATS speaks first.
    async fn answers(&self) -> bool {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        match TcpStream::connect(address).await {
            Ok(mut stream) => stream.read_u8().await.is_ok(),
            Err(_) => false,
        }
    }
}

impl Drop for TestNats {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The versions of each key in the order of the events; one that was sent twice counts once.
pub fn versions(events: &[Value]) -> BTreeMap<&str, Vec<i64>> {
    let mut seen = HashSet::new();
    let mut versions: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for event in events.iter().filter(|event| seen.insert(event["id"].as_str().unwrap())) {
        let version = event["data"]["version"].as_i64().unwrap();
        versions.entry(event["subject"].as_str().unwrap()).or_default().push(version);
    }
    versions
}

/// On the path, or where Debian puts it.
fn binary() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/local/bin".into()])
        .map(|folder| folder.join("nats-server"))
        .find(|binary| binary.is_file())
}

//! The binary, as an operator runs it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use service::shutdown::Shutdown;
use tempfile::TempDir;

use crate::http_gateway::{sdl, serve_subgraph};

fn gateway(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
    command.args(arguments).env_clear();
    command
}

/// Off the runtime's threads, which serve the stub meanwhile.
async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// One subgraph, whose schema is in a file beside.
    fn subgraphs(&self, sdl: &str, url: &str) -> String {
        self.write("stub.graphql", sdl);
        let stub = format!("  stub:\n    routing_url: {url}\n    schema:\n      file: ./stub.graphql\n");
        self.write("supergraph.yaml", &format!("federation_version: =2.5.0\nsubgraphs:\n{stub}"))
    }
}

#[tokio::test]
async fn compose_writes_the_supergraph_to_standard_output_or_a_file() {
    let files = Files::new();
    let config = files.subgraphs(&sdl(), "http://127.0.0.1:1/graphql");
    let shown = run(gateway(&["compose", "--config", &config])).await;
    assert!(shown.status.success(), "{}", stderr(&shown));
    assert!(stdout(&shown).contains("enum join__Graph") && stdout(&shown).contains("http://127.0.0.1:1/graphql"));
    let target = files.path("out.graphql");
    let written = run(gateway(&["compose", "--config", &config, "--output", target.to_str().unwrap()])).await;
    assert!(written.status.success() && written.stdout.is_empty());
    assert_eq!(std::fs::read_to_string(target).unwrap().trim_end(), stdout(&shown).trim_end());
}

#[tokio::test]
async fn compose_lists_what_keeps_subgraphs_from_composing() {
    let files = Files::new();
    files.write("a.graphql", "type Query { a: A } type A { x: Int } ");
    files.write("b.graphql", "type Query { b: A } type A { x: String }");
    let entry = |name: &str| {
        format!("  {name}:\n    routing_url: http://127.0.0.1:1\n    schema: {{ file: {name}.graphql }}\n")
    };
    let config = files.write("s.yaml", &format!("federation_version: 2\nsubgraphs:\n{}{}", entry("a"), entry("b")));
    let output = run(gateway(&["compose", "--config", &config])).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(stderr(&output).contains("A.x"), "{}", stderr(&output));
}

#[tokio::test]
async fn a_schema_is_fetched_from_a_running_subgraph() {
    let (files, shutdown) = (Files::new(), Shutdown::new());
    let (url, _) = serve_subgraph(&shutdown).await;
    let config = files.write("s.yaml", &format!("subgraphs:\n  stub:\n    schema:\n      subgraph_url: {url}\n"));
    let output = run(gateway(&["api-schema", "--config", &config])).await;
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("hello(name: String): String!"), "{}", stdout(&output));
    assert!(!stdout(&output).contains("join__") && !stdout(&output).contains("_service"));
    shutdown.trigger();
}

#[tokio::test]
async fn what_is_wrong_with_the_list_of_subgraphs_is_named() {
    let files = Files::new();
    let one = |rest: &str| format!("subgraphs:\n  stub:\n    {rest}\n");
    let cases = [
        (one("schema: { file: nowhere.graphql }\n    routing_url: http://127.0.0.1:1"), "nowhere.graphql"),
        (one("schema: { sdl: 'type Query { a: Int }' }"), "subgraph stub has no routing_url"),
        (one("schema: { graphref: shop@current }\n    routing_url: http://127.0.0.1:1"), "graphref"),
        (one("schema: { subgraph_url: 'http://127.0.0.1:9/graphql' }"), "http://127.0.0.1:9/graphql"),
        (format!("federation_version: 1\n{}", one("schema: { sdl: x }")), "Federation 1"),
        ("subgraphs: 7".to_owned(), "s.yaml"),
    ];
    for (text, expected) in cases {
        let config = files.write("s.yaml", &text);
        let output = run(gateway(&["compose", "--config", &config])).await;
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(stderr(&output).contains(expected), "{text}: {}", stderr(&output));
    }
}

#[tokio::test]
async fn plan_shows_which_subgraph_is_asked_for_what() {
    let files = Files::new();
    let config = files.subgraphs(&sdl(), "http://127.0.0.1:1/graphql");
    let operation = files.write("q.graphql", "query A { hello } query B { node { hello } }");
    let output = run(gateway(&["plan", "--config", &config, "--operation", &operation, "--operation-name", "B"])).await;
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("stub") && stdout(&output).contains("node"), "{}", stdout(&output));
}

#[tokio::test]
async fn a_graph_comes_from_exactly_one_place() {
    let files = Files::new();
    let operation = files.write("q.graphql", "{ hello }");
    for arguments in [vec![], vec!["--supergraph", "a", "--config", "b"]] {
        let output = run(gateway(&[&["plan", "--operation", &operation], arguments.as_slice()].concat())).await;
        assert_eq!(output.status.code(), Some(2));
    }
    let none = run(gateway(&["serve", "--listen", "127.0.0.1:0"])).await;
    assert_eq!(none.status.code(), Some(1));
    assert!(stderr(&none).contains("--supergraph"), "{}", stderr(&none));
}

#[tokio::test]
async fn a_bad_setting_is_named_with_its_value_before_a_port_is_bound() {
    let files = Files::new();
    let cases = [
        ("listen = \"nowhere\"", "listen", "nowhere"),
        ("[edge]\nmax_in_flight = \"many\"", "edge.max_in_flight", "many"),
        ("[edge]\ncors_origins = [\"https://shop.example/path\"]", "cors_origins", "origin"),
        ("[edge]\nforward_headers = [\"authorization\"]", "forward_headers", "gateway's own"),
        ("[edge]\nrequest_timeout = \"soon\"", "edge.request_timeout", "soon"),
        ("[edge]\nplaygruond = true", "playgruond", "edge"),
        ("[engine.limits]\ndepth = -1", "engine.limits.depth", "-1"),
    ];
    for (text, key, value) in cases {
        let settings = files.write("gateway.toml", text);
        let output = run(gateway(&["serve", "--settings", &settings, "--supergraph", "nowhere"])).await;
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(stderr(&output).contains(key) && stderr(&output).contains(value), "{text}: {}", stderr(&output));
    }
    let mut command = gateway(&["serve", "--supergraph", "nowhere"]);
    command.env("GATEWAY_EDGE__PLAYGROUND", "perhaps");
    let output = run(command).await;
    assert!(stderr(&output).contains("edge.playground") && stderr(&output).contains("perhaps"), "{}", stderr(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_listens_answers_the_healthcheck_and_stops_on_sigterm() {
    let (files, shutdown) = (Files::new(), Shutdown::new());
    let (url, _) = serve_subgraph(&shutdown).await;
    let config = files.subgraphs(&sdl(), &url);
    let mut running = Running::start(&config);
    let address = tokio::task::block_in_place(|| running.address());

    let body = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = body.get(format!("http://{address}/graphql?query={{hello}}")).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), r#"{"data":{"hello":"Hello, you!"}}"#);
    let healthy = run(gateway(&["healthcheck", "--url", &format!("http://{address}/ready")])).await;
    assert!(healthy.status.success(), "{}", stderr(&healthy));

    assert!(running.stop(), "SIGTERM must end it with success");
    let gone = run(gateway(&["healthcheck", "--url", &format!("http://{address}/ready")])).await;
    assert_eq!(gone.status.code(), Some(1));
    shutdown.trigger();
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let files = Files::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let config = files.subgraphs(&sdl(), "http://127.0.0.1:1/graphql");
    let output = run(gateway(&["serve", "--config", &config, "--listen", &address])).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(&address), "{}", stderr(&output));
}

/// The gateway as a process; killed if a test ends before it.
struct Running(Child);

impl Running {
    fn start(config: &str) -> Self {
        let mut command = gateway(&["serve", "--config", config, "--listen", "127.0.0.1:0"]);
        Self(command.stderr(Stdio::piped()).stdout(Stdio::null()).current_dir(Path::new("/")).spawn().unwrap())
    }

    /// From the line that it logs once it listens.
    fn address(&mut self) -> String {
        let lines = BufReader::new(self.0.stderr.take().unwrap()).lines();
        let line = lines.map_while(Result::ok).find(|line| line.contains("gateway listening")).unwrap();
        let start = line.find("127.0.0.1:").unwrap();
        line[start..].chars().take_while(|letter| letter.is_ascii_digit() || ".:".contains(*letter)).collect()
    }

    fn stop(&mut self) -> bool {
        Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap();
        self.0.wait().unwrap().success()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

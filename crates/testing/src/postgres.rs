//! PostgreSQL from the binaries on the machine.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex, OnceLock},
};

/// Makes a cluster in a folder of its own, starts it, says its process and its folder, and holds it until standard input
/// ends, which it does however the process that asked for it ends. A line of it stops the server, in the mode that it
/// names, or starts it again. Its collation is a language's where the server can do that, so that code which relies on the
/// order of bytes fails.
const SCRIPT: &str = r#"
set -e
export PATH="$1:$PATH"
folder=$(mktemp -d)
trap 'pg_ctl stop -D "$folder" -m immediate >&2 || true; rm -rf "$folder"' EXIT
make() { initdb -D "$folder" -U postgres --auth=trust --encoding=UTF8 --no-sync "$@" >&2; }
make --locale-provider=icu --icu-locale=en --locale=C || make --locale=C
start() {
    pg_ctl start -w -D "$folder" -l "$folder/log" \
        -o "-h 127.0.0.1 -p $2 -k $folder -c max_connections=400 $3" >&2
}
start "$@"
echo "done $(head -n 1 "$folder/postmaster.pid") $folder"
while read -r command; do
    if [ "$command" = start ]; then start "$@"; else pg_ctl stop -D "$folder" -m "$command" >&2; fi
    echo done
done
"#;

/// A server that ends, and takes its data with it, some time after this is dropped.
pub struct Server {
    /// A superuser's, without a database.
    pub url: String,
    /// The id of its first process until it is stopped, the parent of the others.
    pub process: u32,
    /// Its data.
    pub folder: PathBuf,
    holder: Arc<Mutex<Holder>>,
}

struct Holder {
    _shell: Child,
    commands: ChildStdin,
    done: BufReader<ChildStdout>,
}

impl Server {
    /// `pg_ctl stop`: in the mode `fast` clients are cut off and what was committed is written down, in the mode `immediate`
    /// it is found in the log at the next start.
    pub async fn stop(&self, mode: &'static str) {
        self.tell(mode).await;
    }

    /// At the same address, with the same data.
    pub async fn start_again(&self) {
        self.tell("start").await;
    }

    async fn tell(&self, command: &'static str) {
        let holder = self.holder.clone();
        let told = tokio::task::spawn_blocking(move || holder.lock().unwrap().tell(command));
        told.await.unwrap();
    }
}

impl Holder {
    fn tell(&mut self, command: &str) {
        writeln!(self.commands, "{command}").unwrap();
        self.wait();
    }

    /// What the shell says beside that it has done as it was told.
    fn wait(&mut self) -> Vec<String> {
        let mut line = String::new();
        self.done.read_line(&mut line).unwrap();
        let mut said = line.split_whitespace().map(str::to_owned);
        assert_eq!(said.next().as_deref(), Some("done"), "PostgreSQL does not do as it is told");
        said.collect()
    }
}

/// The URL of the server that all tests of this process use, without a database.
pub(crate) fn server() -> Option<String> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    if let Ok(url) = std::env::var("MERCADO_TEST_POSTGRES_URL") {
        return Some(url.trim_end_matches('/').to_owned());
    }
    SERVER.get_or_init(|| start(&["fsync=off"])).as_ref().map(|server| server.url.clone())
}

/// Starts a server with these settings (`name=value`, without spaces), below `TMPDIR`; `None` where there are no binaries.
pub fn start(settings: &[&str]) -> Option<Server> {
    let binaries = binaries()?;
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings: String = settings.iter().map(|setting| format!("-c {setting} ")).collect();
    let mut command = as_ordinary_user();
    command.args(["sh", "-c", SCRIPT, "postgres"]).arg(binaries).arg(port.to_string()).arg(settings);
    command.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    // Ctrl-C is for whoever asked for the server, at whose end it cleans up.
    let mut shell = command.process_group(0).spawn().expect("a shell to start PostgreSQL");
    let (commands, done) = (shell.stdin.take().unwrap(), BufReader::new(shell.stdout.take().unwrap()));
    let mut holder = Holder { _shell: shell, commands, done };
    let [process, folder] = holder.wait().try_into().expect("a process and a folder");
    Some(Server {
        url: format!("postgres://postgres@127.0.0.1:{port}"),
        process: process.parse().unwrap(),
        folder: folder.into(),
        holder: Arc::new(Mutex::new(holder)),
    })
}

/// PostgreSQL refuses to run as root; Debian's package brings the user `postgres`.
fn as_ordinary_user() -> Command {
    let is_root =
        std::fs::metadata("/proc/self").is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0);
    if is_root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]);
        command
    } else {
        Command::new("env")
    }
}

/// The folder of `initdb` and `pg_ctl`: on the path, or where Debian puts them.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let debian =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    std::env::split_paths(&path)
        .chain(debian)
        .find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
}

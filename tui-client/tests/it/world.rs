//! Servers and "machines" for end-to-end tests: real processes, throw-away folders.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use portable_pty::CommandBuilder;
use recado_shared::Invite;
use tempfile::TempDir;

use crate::window::Terminal;

const DEADLINE: Duration = Duration::from_mins(1);

/// A machine as far as programs can tell: its own home and XDG folders.
pub(crate) struct Machine {
    dir: TempDir,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (_, path) in folders(dir.path()) {
            std::fs::create_dir_all(path).unwrap();
        }
        Self { dir }
    }

    /// Where everything of this machine lies.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Starts the full-screen client in a terminal of its own.
    pub(crate) fn open(&self, name: &str, arguments: &[&str], columns: u16, rows: u16) -> Terminal {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_recado"));
        command.env_clear();
        command.args(arguments);
        for (variable, value) in self.environment() {
            command.env(variable, value);
        }
        command.cwd(self.path());
        Terminal::start(name, command, columns, rows)
    }

    /// Runs a verb of the client to its end.
    pub(crate) fn verb(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_recado"));
        self.dress(&mut command);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Runs a verb of the server to its end and returns what it printed, without the line end.
    #[track_caller]
    pub(crate) fn server_verb(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(server_binary());
        self.dress(&mut command);
        let output = command.args(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }

    /// Starts a server on this machine. Port 0 takes a free one.
    pub(crate) fn serve(&self, port: u16, more: &[&str]) -> Server {
        let mut command = Command::new(server_binary());
        self.dress(&mut command);
        command
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .args(more);
        let mut child = command
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let lines = lines_of(child.stderr.take().unwrap());
        let mut server = Server { child, port, lines };
        let mut seen = String::new();
        loop {
            let line = server.lines.recv_timeout(DEADLINE);
            let line = line.unwrap_or_else(|_| panic!("the server did not start:\n{seen}"));
            if let Some(port) = port_in(&line) {
                server.port = port;
                return server;
            }
            seen.push_str(&line);
            seen.push('\n');
        }
    }

    /// The ticket that a running server leaves for clients of this machine.
    pub(crate) fn local_ticket(&self) -> Invite {
        let path = self.path().join("run/recado/local.ticket");
        std::fs::read_to_string(path)
            .unwrap()
            .trim()
            .parse()
            .unwrap()
    }

    fn dress(&self, command: &mut Command) {
        command
            .env_clear()
            .envs(self.environment())
            .current_dir(self.path());
    }

    fn environment(&self) -> Vec<(String, String)> {
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        let folders = folders(self.path()).map(|(name, path)| (name.to_owned(), text(path)));
        let rest = [
            ("TZ", "UTC"),
            ("LANG", "C.UTF-8"),
            ("PATH", "/usr/bin:/bin"),
            ("USER", "eve"),
        ];
        folders
            .into_iter()
            .chain(rest.map(|(k, v)| (k.to_owned(), v.to_owned())))
            .collect()
    }
}

/// A running server process; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    lines: Receiver<String>,
}

impl Server {
    /// Ends it as a power cut would (SIGKILL).
    pub(crate) fn kill(mut self) -> u16 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.port
    }

    /// Asks it to stop (SIGTERM) and waits for its end.
    #[track_caller]
    pub(crate) fn stop(mut self) {
        signal("TERM", self.child.id());
        assert!(
            self.child.wait().unwrap().success(),
            "the server did not end cleanly"
        );
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Sends a signal to a process.
pub(crate) fn signal(name: &str, process: u32) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &process.to_string()])
        .status();
    assert!(status.unwrap().success());
}

/// The server's binary, built by the same cargo if the test command did not.
pub(crate) fn server_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let client = Path::new(env!("CARGO_BIN_EXE_recado"));
        let release = client.parent().unwrap().ends_with("release");
        let target = client.parent().unwrap().parent().unwrap();
        let mut build = Command::new(env!("CARGO"));
        build.args([
            "build",
            "--quiet",
            "--locked",
            "-p",
            "recado-server",
            "--bin",
            "recado-server",
        ]);
        build
            .args(release.then_some("--release"))
            .arg("--target-dir")
            .arg(target);
        let status = build
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .unwrap();
        assert!(status.success(), "the server cannot be built");
        client.with_file_name("recado-server")
    })
}

fn folders(home: &Path) -> [(&'static str, PathBuf); 5] {
    [
        ("HOME", home.to_path_buf()),
        ("XDG_DATA_HOME", home.join("data")),
        ("XDG_CONFIG_HOME", home.join("config")),
        ("XDG_STATE_HOME", home.join("state")),
        ("XDG_RUNTIME_DIR", home.join("run")),
    ]
}

fn lines_of(stream: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            // Reading goes on without a listener, so that the program never blocks on its log.
            sender.send(line).ok();
        }
    });
    receiver
}

fn port_in(line: &str) -> Option<u16> {
    // By then the ticket is there.
    let (_, rest) = line.split_once("listening=127.0.0.1:")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|&port| port != 0)
}

//! Throw-away "machines" and the real programs on them: the client in a terminal or as a plain
//! process, the server as a process or inside the test.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};

use portable_pty::CommandBuilder;
use recado_server::{Config, Policy};
use recado_shared::Invite;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use crate::pty::Terminal;
use crate::support::{DEADLINE, TestServer, within};

pub(crate) const CLIENT: &str = env!("CARGO_BIN_EXE_recado");

/// A machine as far as programs can tell: folders of its own, and an environment of
/// which nothing comes from outside.
pub(crate) struct Machine {
    folder: TempDir,
    user: Option<&'static str>,
}

impl Machine {
    /// A machine that does not say what its user is called.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // What a system makes for its users; all else is for the programs to make.
        for name in ["run", "tmp"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder, user: None }
    }

    /// A machine whose environment names its user.
    pub(crate) fn of(user: &'static str) -> Self {
        Self {
            user: Some(user),
            ..Self::new()
        }
    }

    /// A path on this machine.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Copies a folder of another machine, whose programs do not use it at the moment.
    pub(crate) fn copy(&self, other: &Self, folder: &str) {
        copy_folder(&other.path(folder), &self.path(folder));
    }

    /// The names in a folder of this machine, none if there is no such folder.
    pub(crate) fn entries(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(folder)) else {
            return Vec::new();
        };
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<_> = entries
            .map(|entry| name(entry).into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// All files and folders of this machine, as paths within it.
    pub(crate) fn tree(&self) -> Vec<PathBuf> {
        let root = self.folder.path();
        let mut folders = vec![root.to_owned()];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            // A folder may be removed while a program runs.
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                found.push(entry.path().strip_prefix(root).unwrap().to_owned());
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(entry.path());
                }
            }
        }
        found.sort();
        found
    }

    /// Opens the client in a terminal of 80 columns and 24 rows; `name` says in a failure whose. A new
    /// name is created without a question, which [`open_shell`](Self::open_shell) leaves in place.
    pub(crate) fn open(&self, name: &str, line: &[&str]) -> Terminal {
        let mut command = self.terminal_program(CLIENT);
        command.args(line);
        if matches!(line, [name] if !["demo", "host", "join", "link"].contains(name)) {
            command.arg("--yes");
        }
        Terminal::start(name, command, 80, 24)
    }

    /// Opens the client of a user, who may be new, and waits until it is connected.
    #[track_caller]
    pub(crate) fn open_connected(&self, name: &str) -> Terminal {
        let client = self.open(name, &[name]);
        client.wait("connected");
        client
    }

    /// Runs a line of a shell, in which `recado` is the client, in a terminal of the same size.
    pub(crate) fn open_shell(&self, name: &str, line: &str) -> Terminal {
        let mut command = self.terminal_program("/bin/sh");
        command.args(["-c", &format!("recado() {{ '{CLIENT}' \"$@\"; }}; {line}")]);
        Terminal::start(name, command, 80, 24)
    }

    /// Any program for a terminal, in this machine's environment.
    pub(crate) fn terminal_program(&self, program: impl AsRef<OsStr>) -> CommandBuilder {
        let mut command = CommandBuilder::new(program);
        command.env_clear();
        for (variable, value) in self.environment() {
            command.env(variable, value);
        }
        command.cwd(self.folder.path());
        command
    }

    /// The client as a process without a terminal, its output piped.
    pub(crate) fn client(&self, line: &[&str]) -> Command {
        let mut command = self.program(CLIENT);
        command.args(line);
        command
    }

    /// Any program in this machine's environment, without input, its output piped.
    pub(crate) fn program(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.environment());
        command.current_dir(self.folder.path());
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Creates an account on the server of this machine.
    pub(crate) async fn create(&self, name: &str) {
        let created = self.run(&[name, "--yes"]).await;
        created.is(0, &format!("Created {name} on "));
    }

    /// Runs the client to its end.
    pub(crate) async fn run(&self, line: &[&str]) -> Ended {
        self.run_with(line, "").await
    }

    /// Runs the client to its end with this on standard input.
    pub(crate) async fn run_with(&self, line: &[&str], input: &str) -> Ended {
        run_to_end(self.client(line), input.to_owned()).await
    }

    /// Runs a command of `recado-server` to its end.
    pub(crate) async fn administer(&self, line: &[&str]) -> Ended {
        let mut command = self.program(server_binary());
        command.args(line);
        run_to_end(command, String::new()).await
    }

    /// Runs a command of `recado-server` in a terminal of 80 columns and 24 rows.
    pub(crate) fn administer_in_terminal(&self, line: &[&str]) -> Terminal {
        let mut command = self.terminal_program(server_binary());
        command.args(line);
        Terminal::start("operator", command, 80, 24)
    }

    /// Runs `recado-server invite` to its end and returns the line it prints.
    pub(crate) async fn invite(&self, more: &[&str]) -> String {
        let ended = self.administer(&[&["invite"], more].concat()).await;
        assert_eq!(ended.code, 0, "{ended:?}");
        ended.out.trim_end().to_owned()
    }

    /// Starts the server as a process of its own. Port 0 takes a free one.
    #[track_caller]
    pub(crate) fn serve(&self, port: u16, more: &[&str]) -> Server {
        let mut command = self.program(server_binary());
        command.args(["--listen", &format!("127.0.0.1:{port}")]);
        command.args(more).stdout(Stdio::null());
        Server::start(command)
    }

    /// Starts a server of this machine inside the test. Port 0 takes a free one.
    pub(crate) async fn serve_inside(&self, port: u16) -> TestServer {
        let mut config = Config::new(self.server_data());
        config.policy = Policy::Invite;
        config.ticket_places = vec![self.ticket_place()];
        TestServer::start_with(config, port).await
    }

    /// Where a server of this machine keeps its data.
    pub(crate) fn server_data(&self) -> PathBuf {
        self.path("data/recado-server")
    }

    /// The ticket that a running server leaves for clients of this machine.
    pub(crate) fn local_ticket(&self) -> Invite {
        let ticket = std::fs::read_to_string(self.ticket_place()).unwrap();
        ticket.trim().parse().unwrap()
    }

    fn ticket_place(&self) -> PathBuf {
        self.path("run/recado/local.ticket")
    }

    fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        let folders = [
            ("HOME", "."),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_RUNTIME_DIR", "run"),
            ("TMPDIR", "tmp"),
        ];
        let folders = folders.map(|(variable, folder)| (variable, self.path(folder)));
        let rest = [
            ("TZ", Some("UTC")),
            ("LANG", Some("C.UTF-8")),
            ("PATH", Some("/usr/bin:/bin")),
            ("USER", self.user),
        ];
        let rest = rest
            .into_iter()
            .filter_map(|(variable, value)| Some((variable, PathBuf::from(value?))));
        folders.into_iter().chain(rest).collect()
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

async fn run_to_end(mut command: Command, input: String) -> Ended {
    command.stdin(Stdio::piped());
    let run = spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        // A program that does not read its input closes it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    });
    Ended::of(within(run).await.unwrap())
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("it was killed"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts that it ended with this code and said this on standard error.
    #[track_caller]
    pub(crate) fn is(&self, code: i32, said: &str) {
        let is_said = if said.is_empty() {
            self.err.is_empty()
        } else {
            self.err.contains(said)
        };
        assert!(
            self.code == code && is_said,
            "not {code} {said:?}: {self:?}"
        );
    }
}

/// A running server process; killed when dropped.
pub(crate) struct Server {
    child: Child,
    port: u16,
    log: Receiver<String>,
}

impl Server {
    /// Starts it and waits until it listens and its ticket is there.
    #[track_caller]
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let log = lines_of(child.stderr.take().unwrap());
        let mut server = Self {
            child,
            port: 0,
            log,
        };
        let mut seen = Vec::new();
        while server.port == 0 {
            let Ok(line) = server.log.recv_timeout(DEADLINE) else {
                panic!("it did not start:\n{}", seen.join("\n"));
            };
            server.port = port_in(&line).unwrap_or(0);
            seen.push(line);
        }
        server
    }

    /// Stops it where it is (SIGSTOP): it takes connections and answers nothing.
    pub(crate) fn freeze(&self) {
        kill_process(Pid::from_child(&self.child), Signal::STOP).unwrap();
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Ends it as a power cut would (SIGKILL) and returns the port it had.
    pub(crate) fn kill(mut self) -> u16 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.port
    }

    /// Asks it to stop (SIGTERM) and waits for its end.
    #[track_caller]
    pub(crate) fn stop(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let mut seen = Vec::new();
        let ended = loop {
            match self.log.recv_timeout(DEADLINE) {
                Ok(line) => seen.push(line),
                Err(why) => break why,
            }
        };
        let log = seen.join("\n");
        assert_eq!(
            ended,
            RecvTimeoutError::Disconnected,
            "it goes on after:\n{log}"
        );
        let status = self.child.wait().unwrap();
        assert!(status.success(), "it did not end cleanly:\n{log}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines_of(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            // Reading goes on without a listener, so that the program never blocks on its log.
            let _ = sender.send(line);
        }
    });
    receiver
}

fn port_in(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("listening=127.0.0.1:")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The server's binary. `cargo test --workspace` builds it; where only this package is tested it
/// may be missing or older than its sources, and is built here.
fn server_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let folder = Path::new(CLIENT).parent().unwrap();
        let binary = folder.join("recado-server");
        if !is_newer_than_its_sources(&binary) {
            let mut build = Command::new(env!("CARGO"));
            build.args(["build", "--quiet", "--locked", "--bin", "recado-server"]);
            build.args(["-p", "recado-server", "--target-dir"]);
            build.arg(folder.parent().unwrap());
            build.args(folder.ends_with("release").then_some("--release"));
            build.current_dir(env!("CARGO_MANIFEST_DIR"));
            let is_done = build.status().unwrap().success();
            assert!(is_done, "the server cannot be built");
        }
        binary
    })
}

fn is_newer_than_its_sources(binary: &Path) -> bool {
    let changed = |path: &Path| path.metadata().and_then(|it| it.modified());
    let Ok(built) = changed(binary) else {
        return false;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut places = ["server/src", "shared/src", "Cargo.toml", "Cargo.lock"]
        .map(|place| root.join(place))
        .to_vec();
    while let Some(place) = places.pop() {
        if changed(&place).unwrap() > built {
            return false;
        }
        if place.is_dir() {
            let entries = std::fs::read_dir(&place).unwrap();
            places.extend(entries.map(|entry| entry.unwrap().path()));
        }
    }
    true
}

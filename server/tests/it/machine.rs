//! The program `recado-server` with all its files in a temporary folder.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Output, Stdio};

use recado_shared::Invite;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

/// A machine of its own: every file is in a folder that is thrown away.
pub(crate) struct Machine(TempDir);

pub(crate) struct Running {
    pub(crate) child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    /// The lines before that with the address.
    pub(crate) before: Vec<String>,
    pub(crate) address: SocketAddr,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, part: &str) -> std::path::PathBuf {
        self.0.path().join(part)
    }

    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_recado-server"));
        command.args(arguments);
        command
    }

    /// A shell script with the program as `$0`.
    pub(crate) fn shell(&self, script: &str) -> Command {
        let mut command = self.command("sh");
        command.args(["-c", script, env!("CARGO_BIN_EXE_recado-server")]);
        command
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("HOME", self.path("home"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env_remove("NOTIFY_SOCKET")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    pub(crate) async fn output(&self, arguments: &[&str]) -> Output {
        self.program(arguments).output().await.unwrap()
    }

    /// The one error of a run that fails.
    pub(crate) async fn error_of(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments).await;
        assert!(!output.status.success());
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    }

    pub(crate) async fn serve(&self, arguments: &[&str]) -> Running {
        self.serve_with(&mut self.program(arguments)).await
    }

    pub(crate) async fn serve_with(&self, command: &mut Command) -> Running {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut before = Vec::new();
        let address = loop {
            let line = lines.next_line().await.unwrap();
            let line = line.unwrap_or_else(|| panic!("it says where: {before:?}"));
            if let Some(address) = line.strip_prefix("recado-server listens on ") {
                break address.parse().unwrap();
            }
            before.push(line);
        };
        Running {
            child,
            lines,
            before,
            address,
        }
    }
}

impl Running {
    /// Waits for a line with this text.
    pub(crate) async fn line_with(&mut self, text: &str) -> String {
        loop {
            let line = self.lines.next_line().await.unwrap();
            let line = line.expect("the server goes on");
            if line.contains(text) {
                return line;
            }
        }
    }

    pub(crate) async fn stop(mut self) {
        signal(&self.child, "-TERM").await;
        assert!(self.child.wait().await.unwrap().success());
    }
}

pub(crate) fn read_ticket(path: &Path) -> Invite {
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

pub(crate) async fn signal(child: &Child, signal: &str) {
    let id = child.id().unwrap().to_string();
    let status = Command::new("kill").args([signal, &id]).status().await;
    assert!(status.unwrap().success());
}

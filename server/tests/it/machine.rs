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
    /// Kept, so that the program can go on saying things.
    _lines: Lines<BufReader<ChildStderr>>,
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
        let mut command = Command::new(env!("CARGO_BIN_EXE_recado-server"));
        command
            .args(arguments)
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
        let mut command = self.program(arguments);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = lines.next_line().await.unwrap().expect("it says where");
        let address = first.strip_prefix("recado-server listens on ");
        let address = address.expect(&first).parse().unwrap();
        Running {
            child,
            _lines: lines,
            address,
        }
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

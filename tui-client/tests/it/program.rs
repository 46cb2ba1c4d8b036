//! The program itself, as a process of its own on a "machine" of its own: folders that nobody
//! else uses.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use recado_server::{Config, Policy};
use tokio::task::spawn_blocking;

use crate::support::{TestServer, within};

/// A machine.
pub(crate) struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the program's environment says.
    pub(crate) fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        let folders = [
            ("HOME", "."),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_RUNTIME_DIR", "run"),
            ("TMPDIR", "tmp"),
        ];
        folders
            .map(|(name, folder)| (name, self.path(folder)))
            .into()
    }

    pub(crate) fn command(&self, line: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_recado"));
        command.args(line).envs(self.environment());
        command.env_remove("USER").env_remove("LOGNAME");
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub(crate) async fn run(&self, line: &[&str]) -> Ended {
        self.run_with(line, "").await
    }

    /// Runs the program to its end with this on standard input.
    pub(crate) async fn run_with(&self, line: &[&str], input: &str) -> Ended {
        let mut command = self.command(line);
        command.stdin(Stdio::piped());
        let input = input.to_owned();
        let run = spawn_blocking(move || {
            let mut child = command.spawn().unwrap();
            // A program that does not read its input closes it.
            let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
            child.wait_with_output().unwrap()
        });
        Ended::of(&within(run).await.unwrap())
    }

    /// Starts a server of this machine's user, with a ticket.
    pub(crate) async fn serve(&self, port: u16) -> TestServer {
        TestServer::start_with(self.server_config(), port).await
    }

    pub(crate) fn server_config(&self) -> Config {
        let mut config = Config::new(self.path("server"));
        config.policy = Policy::Invite;
        config.ticket_places = vec![self.path("run/recado/local.ticket")];
        config
    }

    /// The files below a folder of this machine.
    pub(crate) fn entries(&self, folder: &str) -> Vec<String> {
        names(&self.path(folder))
    }
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
    let mut names: Vec<_> = entries
        .map(|entry| name(entry).into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// How the program ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            code: output.status.code().expect("it was killed"),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    /// Ended with this code and said this on standard error.
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

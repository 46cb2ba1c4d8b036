//! What is measured: a program on a core of its own, and what the operating system says of it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use recado_server::admin::client;
use recado_server::admin::request::{AdminAnswer, AdminRequest};
use recado_server::store::StoreStats;
use recado_shared::Invite;
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::usage::Used;

/// The core of the subject, and that of the load.
pub(crate) const SUBJECT_CORE: &str = "0";
pub(crate) const LOAD_CORE: &str = "1";

/// Open files that both programs may have: one for each connection of the largest scenario, and some.
const FILES: u64 = 12_288;

/// How long a server may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// What can be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// recado-server, with TLS, synced before it acknowledges
    Recado,
    /// The relay of plain bytes
    Plain,
}

/// How fast the server lets a session send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rates {
    /// As fast as it does unless told otherwise.
    Default,
    /// Faster than any client can.
    Unlimited,
}

/// A program under load.
pub(crate) struct Subject {
    pub(crate) kind: Kind,
    pub(crate) door: Door,
    child: Child,
    pid: u32,
    folder: TempDir,
}

/// Where to connect.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    /// Lets people in; of recado-server.
    pub(crate) ticket: Option<Invite>,
}

/// Puts this program on its core and lets it open enough files.
pub(crate) fn prepare_machine() -> Result<()> {
    let pid = std::process::id().to_string();
    let status = std::process::Command::new("taskset")
        .args(["-cp", LOAD_CORE, &pid])
        .stdout(Stdio::null())
        .status()
        .context("taskset, of the package util-linux, is needed")?;
    if !status.success() {
        bail!("two cores are needed: one for the server, one for the load");
    }
    let own = std::process::Command::new("prlimit")
        .args(["--pid", &pid, &format!("--nofile={FILES}:")])
        .status()
        .context("prlimit, of the package util-linux, is needed")?;
    if !own.success() {
        bail!("{FILES} open files are needed: see ulimit -Hn");
    }
    Ok(())
}

impl Subject {
    /// Starts one with nothing in it.
    pub(crate) async fn start(kind: Kind, folder: &Path, rates: Rates) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let folder = tempfile::Builder::new().prefix("run-").tempdir_in(folder)?;
        let folder_path = folder.path().canonicalize()?;
        match kind {
            Kind::Plain => Self::start_plain(folder).await,
            Kind::Recado => Self::start_recado(folder, &folder_path, rates).await,
        }
    }

    async fn start_plain(folder: TempDir) -> Result<Self> {
        let mut child = on_core(&std::env::current_exe()?)
            .arg("plain-relay")
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().context("it was piped")?;
        let mut lines = BufReader::new(stdout).lines();
        let line = lines.next_line().await?.context("the relay ended")?;
        let pid = child.id().context("the relay ended")?;
        Ok(Self {
            kind: Kind::Plain,
            door: Door {
                address: line.trim().parse()?,
                ticket: None,
            },
            child,
            pid,
            folder,
        })
    }

    async fn start_recado(folder: TempDir, path: &Path, rates: Rates) -> Result<Self> {
        let config = path.join("config.toml");
        let settings = match rates {
            Rates::Default => CONFIG.to_owned(),
            Rates::Unlimited => CONFIG.to_owned() + UNLIMITED_RATES,
        };
        fs::write(&config, settings)?;
        let mut child = on_core(&server_program()?)
            .args(["--listen", "127.0.0.1:0", "--config"])
            .arg(&config)
            .arg("--data")
            .arg(data_in(path))
            .env("XDG_RUNTIME_DIR", path)
            .env("HOME", path)
            .stdout(Stdio::null())
            .stderr(fs::File::create(path.join("server.log"))?)
            .spawn()
            .context("recado-server does not start")?;
        let pid = child.id().context("the server ended")?;
        let ticket = timeout(PATIENCE, ticket_in(path)).await;
        let Ok(ticket) = ticket else {
            child.kill().await?;
            let said = fs::read_to_string(path.join("server.log"))?;
            bail!("the server did not start: {said}");
        };
        let ticket = ticket?;
        Ok(Self {
            kind: Kind::Recado,
            door: Door {
                address: ticket.address.to_string().parse()?,
                ticket: Some(ticket),
            },
            child,
            pid,
            folder,
        })
    }

    /// What it has used up until now.
    pub(crate) fn used(&self) -> Result<Used> {
        Used::by(self.pid)
    }

    /// What the server says that its store has done since it was started.
    pub(crate) async fn store_stats(&self) -> Result<Option<StoreStats>> {
        if self.kind == Kind::Plain {
            return Ok(None);
        }
        let data = data_in(self.folder());
        match client::call(&data, &AdminRequest::Stats).await? {
            AdminAnswer::Stats(stats) => Ok(Some(stats.store)),
            other => bail!("the server answers something else: {other:?}"),
        }
    }

    /// The folder in which it keeps its data.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends it as an administrator does, or by force if that takes too long, and removes its data.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        kill_process(pid.context("it has a number")?, Signal::TERM)?;
        if timeout(PATIENCE, self.child.wait()).await.is_err() {
            self.child.kill().await?;
        }
        self.folder.close()?;
        Ok(())
    }
}

fn data_in(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// Settings that any server with as many people behind one address needs.
const CONFIG: &str = "\
[limits]
max_sessions = 20000
max_users = 100000
max_connections_per_address = 20000
max_handshakes_per_address = 64
";

/// Settings that no server has that strangers reach: they lift the rates of a session, which by default
/// are 200 frames and 256 KiB a second. Few clients bring as much load as thousands only without them.
const UNLIMITED_RATES: &str = "\
frames_per_second = 1000000
frame_burst = 1000000
bytes_per_second = 1000000000
byte_burst = 1000000000
";

pub(crate) fn on_core(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", SUBJECT_CORE, "prlimit", &format!("--nofile={FILES}:")]);
    command.arg(program).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// The server that was built beside this example.
fn server_program() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(Path::parent);
    let program = folder
        .context("this program is in target")?
        .join("recado-server");
    if !program.exists() {
        bail!(
            "{} is missing: build it with cargo build --release -p recado-server",
            program.display()
        );
    }
    Ok(program)
}

/// Waits for the line that the server leaves for people of its machine.
async fn ticket_in(folder: &Path) -> Result<Invite> {
    let path = folder.join("recado").join("local.ticket");
    loop {
        if let Ok(text) = fs::read_to_string(&path) {
            return Ok(text.trim().parse()?);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

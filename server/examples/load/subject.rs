//! Subject of a measurement: a server process on a core of its own, with its usage.

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

use crate::usage::ProcessUsage;

/// The core of the subject, and that of the load.
pub(crate) const SUBJECT_CORE: &str = "0";
pub(crate) const LOAD_CORE: &str = "1";

/// Open files of each program: one per connection of the largest scenario, and some.
const FILES: u64 = 12_288;

/// Time for a server to start, and to stop.
const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// recado-server, with TLS, synced before it acknowledges
    Recado,
    /// The baseline relay of plain bytes
    Plain,
}

/// Rate limits of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rates {
    /// The limits of the rate, and all other limits, have their defaults. The policy is open.
    Untouched,
    Default,
    /// Higher than any client can send.
    Unlimited,
}

/// A process under load.
pub(crate) struct Subject {
    pub(crate) kind: Kind,
    pub(crate) endpoint: Endpoint,
    child: Child,
    pid: u32,
    folder: TempDir,
}

#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    /// The local ticket of recado-server. `None` for the baseline relay.
    pub(crate) ticket: Option<Invite>,
}

/// Pins this process to its core, and raises its limit of open files.
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
    /// Starts a subject with empty data.
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
            endpoint: Endpoint {
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
            Rates::Untouched => "policy = \"open\"\n".to_owned(),
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
        let ticket = timeout(TIMEOUT, ticket_in(path)).await;
        let Ok(ticket) = ticket else {
            child.kill().await?;
            let said = fs::read_to_string(path.join("server.log"))?;
            bail!("the server did not start: {said}");
        };
        let ticket = ticket?;
        Ok(Self {
            kind: Kind::Recado,
            endpoint: Endpoint {
                address: ticket.address.to_string().parse()?,
                ticket: Some(ticket),
            },
            child,
            pid,
            folder,
        })
    }

    /// Its resource usage until now.
    pub(crate) fn used(&self) -> Result<ProcessUsage> {
        ProcessUsage::by(self.pid)
    }

    /// Statistics of the store since its start. `None` for the baseline relay.
    pub(crate) async fn store_stats(&self) -> Result<Option<StoreStats>> {
        if self.kind == Kind::Plain {
            return Ok(None);
        }
        let data = data_in(self.folder());
        match client::call(&data, &AdminRequest::Stats).await? {
            AdminAnswer::Stats(stats) => Ok(Some(stats.store)),
            other => bail!("unexpected answer of the server: {other:?}"),
        }
    }

    /// Bytes of the log of recado-server.
    pub(crate) fn log_len(&self) -> Result<u64> {
        Ok(fs::metadata(self.folder().join("server.log"))?.len())
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Stops it with a signal, or kills it after a timeout, and removes its data.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        kill_process(pid.context("the process has an id")?, Signal::TERM)?;
        if timeout(TIMEOUT, self.child.wait()).await.is_err() {
            self.child.kill().await?;
        }
        self.folder.close()?;
        Ok(())
    }
}

fn data_in(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// Settings for as many clients at one address.
const CONFIG: &str = "\
[limits]
max_sessions = 20000
max_users = 100000
max_unauthenticated = 8192
connections_per_minute = 1000000
";

/// Settings without rate limits, which are 200 frames and 256 KiB per second and session by default, so
/// that few clients bring the load of thousands. No public server has these.
const UNLIMITED_RATES: &str = "\
frames_per_second = 1000000
frame_burst = 1000000
bytes_per_second = 1000000000
byte_burst = 1000000000
bytes_per_day = 1000000000000
";

pub(crate) fn on_core(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", SUBJECT_CORE, "prlimit", &format!("--nofile={FILES}:")]);
    command.arg(program).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// The server binary that was built with this example.
fn server_program() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(Path::parent);
    let program = folder
        .context("this program is not in a target folder")?
        .join("recado-server");
    if !program.exists() {
        bail!(
            "{} is missing: build it with cargo build --release -p recado-server",
            program.display()
        );
    }
    Ok(program)
}

/// Waits for the local ticket of the server.
async fn ticket_in(folder: &Path) -> Result<Invite> {
    let path = folder.join("recado").join("local.ticket");
    loop {
        if let Ok(text) = fs::read_to_string(&path) {
            return Ok(text.trim().parse()?);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

//! A run of the server: it starts logging, prepares the process and the data, serves, and reacts to signals.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow};
use recado_shared::secret;
use sd_notify::NotifyState;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info, warn};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::{Arguments, warn_if_local};
use crate::config::{Config, Reloadable};
use crate::net::socket;
use crate::paths::Paths;
use crate::process;
use crate::server::{Reloader, Server};
use crate::settings::{self, Settings};

/// What [`Reload::reload`] reads again, and compares with.
struct Reload {
    arguments: Arguments,
    path: PathBuf,
    started_with: Settings,
    reloader: Reloader,
}

pub(super) fn server(arguments: Arguments) -> Result<()> {
    start_logging(&arguments.log)?;
    let paths = Paths::of_user()?;
    let (settings, data_dir) = arguments.read(&paths)?;
    let config = config_of(&arguments, &settings, &paths, data_dir);
    secret::protect_process();
    process::raise_open_files(config.limits.max_connections());
    let listen = arguments.listen.clone().or_else(|| settings.listen.clone());
    let runtime = Runtime::new().context("cannot start the runtime")?;
    let result = runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let listener = socket::listen(listen).map_err(|error| {
            let advice = error.advice();
            anyhow!("{error}. {advice}")
        })?;
        let server = Server::prepare(listener, config.clone()).await?;
        print_banner(&server, &config)?;
        notify(NotifyState::Ready);
        let reload = Reload {
            path: arguments.config_path(&paths).clone(),
            arguments,
            started_with: settings,
            reloader: server.reloader(),
        };
        let shutdown = async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                () = reload.on_hangup(&mut hangup) => info!("the terminal is gone"),
            }
            notify(NotifyState::Stopping);
        };
        Ok(server.serve(shutdown).await?)
    });
    // Blocking tasks that have not ended by now are stuck.
    runtime.shutdown_background();
    result
}

fn config_of(
    arguments: &Arguments,
    settings: &Settings,
    paths: &Paths,
    data_dir: PathBuf,
) -> Config {
    let mut config = settings.config(data_dir);
    config.policy = arguments.policy.unwrap_or(config.policy);
    if let Some(choice) = &arguments.public_address {
        config.public_address = choice.address().cloned();
        config.remembers_public_address = true;
    }
    config.accept_clock = arguments.accept_clock;
    config.is_new = arguments.new;
    config.ticket_places.clone_from(&paths.local_tickets);
    config
}

impl Reload {
    /// Reads the configuration again at each hangup signal. Returns if it came because the terminal of the
    /// server was closed.
    async fn on_hangup(&self, hangup: &mut Signal) {
        let had_terminal = io::stderr().is_terminal();
        loop {
            hangup.recv().await;
            if had_terminal && !io::stderr().is_terminal() {
                return;
            }
            if let Err(error) = self.reload() {
                error!("the configuration stays as it was: {error}");
            }
        }
    }

    fn reload(&self) -> Result<()> {
        let settings = settings::read(&self.path, self.arguments.config.is_some())?;
        let reloadable = settings.reloadable();
        let policy = self.arguments.policy.unwrap_or(reloadable.policy);
        let limits = reloadable.limits;
        process::raise_open_files(limits.max_connections());
        self.reloader.reload(Reloadable { policy, limits })?;
        info!(path = %self.path.display(), %policy, "took over the policy and the limits");
        let fixed = settings.fixed_changes(&self.started_with);
        if !fixed.is_empty() {
            warn!("restart the server to take over: {}", fixed.join(", "));
        }
        Ok(())
    }
}

/// Starts logging to standard error, which a journal or a terminal captures.
fn start_logging(filter: &str) -> Result<()> {
    let targets: Targets = filter.parse().map_err(|reason| {
        anyhow!(
            "invalid --log {filter:?}: {reason}. Use a level (error, warn, info, debug, trace), or \
             TARGET=LEVEL, like recado_server=debug"
        )
    })?;
    let is_terminal = io::stderr().is_terminal();
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        // A terminal that is gone takes no lines, and no line about that.
        .log_internal_errors(false)
        .with_ansi(is_terminal);
    // Only a second call in a process fails; the first one stays in effect.
    let _ = tracing_subscriber::registry()
        .with(layer)
        .with(targets)
        .try_init();
    Ok(())
}

/// Notifies systemd by the socket in `NOTIFY_SOCKET`, if set (`sd_notify(3)`).
fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        warn!(%error, "could not notify systemd");
    }
}

fn print_banner(server: &Server, config: &Config) -> Result<()> {
    let (listening, public) = (server.listening(), server.public_address());
    let mut err = io::stderr();
    writeln!(err, "recado-server listens on {listening}")?;
    writeln!(err, "  Data folder      {}", config.data_dir.display())?;
    writeln!(err, "  Fingerprint      {}", server.fingerprint())?;
    writeln!(err, "  On this machine  run `recado NAME`")?;
    writeln!(
        err,
        "  Others           send them the line from `recado-server invite` (address in invites: {public})"
    )?;
    warn_if_local(public)
}

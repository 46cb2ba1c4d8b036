//! A server from start to end: opens what it needs, puts the parts together, takes them down.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use recado_shared::tls::{self, Identity};
use recado_shared::{Fingerprint, Invite, InviteToken, ServerAddress};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tracing::{info, warn};

use crate::admin::MAX_ADMINS;
use crate::admin::socket::AdminSocket;
use crate::config::{Config, LimitError};
use crate::driver::{Driver, INBOX_ROOM, Stopped};
use crate::files::{self, FileError, TicketFile};
use crate::listener::Listener;
use crate::relay::{Relay, RelayConfig};
use crate::store::{Store, StoreConfig, StoreError, StoreEvents, StoreHandle};
use crate::{address, invite};

/// How long the sessions have to write their last frames.
const GOODBYE_LIMIT: Duration = Duration::from_secs(5);

/// How long the store has to finish what is queued.
const STORE_LIMIT: Duration = Duration::from_secs(10);

/// Why a server cannot start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A setting cannot be.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The data cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file beside the data cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The TLS library refuses the server's key.
    #[error("the server's key cannot be used for TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The listener passed in does not work.
    #[error("the listening socket does not work: {0}")]
    Listener(io::Error),
    /// The store failed while the server ran.
    #[error(
        "the store failed: {0}. Nothing that was acknowledged is lost. Check the disk and its free \
         space, then start the server again"
    )]
    StoreFailed(String),
    /// A task of the server panicked.
    #[error("the server has a fault and stopped; its log says more")]
    Fault,
}

/// A server that is ready to serve: its data is open and locked, its ticket is left, and
/// connections queue at its listener.
#[derive(Debug)]
pub struct Server {
    config: Config,
    listener: TcpListener,
    listening: SocketAddr,
    public_address: ServerAddress,
    parts: Parts,
}

/// What the data folder gives.
#[derive(Debug)]
struct Parts {
    store: (StoreHandle, StoreEvents),
    identity: Identity,
    local_token: InviteToken,
    ticket: Option<TicketFile>,
    admin: Option<AdminSocket>,
}

/// Serves a data folder on a bound listener until `shutdown` completes.
///
/// # Errors
/// [`ServerError`] says why it cannot start, or had to stop.
pub async fn run(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServerError> {
    let server = Server::prepare(listener, config).await?;
    server.serve(shutdown).await
}

impl Server {
    /// Checks the settings, opens the data folder, making what is missing, and leaves the ticket.
    ///
    /// # Errors
    /// [`ServerError`] says what cannot be used.
    pub async fn prepare(listener: TcpListener, config: Config) -> Result<Self, ServerError> {
        config.limits.check()?;
        let listening = listener.local_addr().map_err(ServerError::Listener)?;
        let setting = config.public_address.clone();
        let public_address = setting.unwrap_or_else(|| address::guess_public(listening));
        let (data_dir, places) = (config.data_dir.clone(), config.ticket_places.clone());
        let noted = public_address.clone();
        let open = move || Parts::open(&data_dir, &places, listening, &noted);
        let parts = spawn_blocking(open).await;
        Ok(Self {
            config,
            listener,
            listening,
            public_address,
            parts: parts.unwrap_or(Err(ServerError::Fault))?,
        })
    }

    /// Where it listens.
    pub fn listening(&self) -> SocketAddr {
        self.listening
    }

    /// What clients pin.
    pub fn fingerprint(&self) -> Fingerprint {
        self.parts.identity.fingerprint()
    }

    /// The ticket for clients on this machine: it admits any number of them for as long as this
    /// server runs.
    pub fn local_ticket(&self) -> Invite {
        let (identity, token) = (&self.parts.identity, &self.parts.local_token);
        local_ticket(self.listening, identity, token)
    }

    /// The address that invites name: the setting, or the best guess.
    pub fn public_address(&self) -> &ServerAddress {
        &self.public_address
    }

    /// Serves until `shutdown` completes and everything is said.
    ///
    /// # Errors
    /// [`ServerError`] says why it had to stop.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<(), ServerError> {
        let Parts {
            mut store,
            identity,
            local_token,
            ticket,
            admin,
        } = self.parts;
        let limits = self.config.limits;
        let config = RelayConfig {
            policy: self.config.policy,
            local_token: Some(local_token),
            max_sessions: limits.max_sessions,
            max_users: limits.max_users,
            registrations_per_hour: limits.registrations_per_hour,
        };
        let relay = Relay::new(config, store.0.take_roster());
        let (events, inbox) = mpsc::channel(INBOX_ROOM);
        let tasks = TaskTracker::new();
        let (close, stop) = (CancellationToken::new(), CancellationToken::new());
        // Also when this future is dropped half-way.
        let _guards = (close.clone().drop_guard(), stop.clone().drop_guard());
        let listener = Listener {
            socket: self.listener,
            tls: Arc::new(tls::server_config(&identity)?),
            limits,
            events: events.clone(),
            tasks: tasks.clone(),
            close: close.clone(),
            stop: stop.clone(),
        };
        tasks.spawn(listener.run());
        info!(listening = %self.listening, fingerprint = %identity.fingerprint(), "serving");

        let (calls, asked) = mpsc::channel(MAX_ADMINS);
        if let Some(admin) = admin {
            tasks.spawn(admin.run(calls, close.clone()));
        }
        let driver = Driver::new(relay, store, inbox, asked);
        let (stopped, store) = drive(driver, shutdown).await?;
        drop(events);
        close.cancel();
        tasks.close();
        if timeout(GOODBYE_LIMIT, tasks.wait()).await.is_err() {
            warn!(sessions = tasks.len(), "some did not read their goodbye");
            stop.cancel();
            tasks.wait().await;
        }
        let finish = spawn_blocking(move || {
            store.join();
            drop(ticket);
        });
        if let Ok(finished) = timeout(STORE_LIMIT, finish).await {
            finished.map_err(|_| ServerError::Fault)?;
        } else {
            warn!("the disk does not answer: not waited for");
        }
        info!("stopped");
        match stopped {
            Stopped::Drained => Ok(()),
            Stopped::StoreFailed(explanation) => Err(ServerError::StoreFailed(explanation)),
        }
    }
}

/// Runs the driver as a task beside the sessions, so that on one core what they tell each other
/// needs no switch of threads. It ends with this future.
async fn drive(
    driver: Driver,
    shutdown: impl Future<Output = ()>,
) -> Result<(Stopped, StoreHandle), ServerError> {
    let (stop, stopped) = oneshot::channel::<()>();
    let mut driving = AbortOnDropHandle::new(tokio::spawn(driver.run(async {
        // Nothing is ever sent: it is told by the end of the channel.
        let _ = stopped.await;
    })));
    let ended = tokio::select! {
        ended = &mut driving => ended,
        () = shutdown => {
            drop(stop);
            driving.await
        }
    };
    ended.map_err(|_| ServerError::Fault)
}

impl Parts {
    fn open(
        data_dir: &Path,
        ticket_places: &[PathBuf],
        listening: SocketAddr,
        public_address: &ServerAddress,
    ) -> Result<Self, ServerError> {
        let store = Store::open(data_dir, StoreConfig::default())?;
        let identity = files::read_or_make_key(data_dir)?;
        let local_token = invite::random_token()?;
        files::note_address(data_dir, public_address)?;
        let ticket = local_ticket(listening, &identity, &local_token);
        let ticket = TicketFile::leave_in_one_of(ticket_places, &ticket);
        let folders = ticket_places.iter().filter_map(|path| path.parent());
        let folders: Vec<_> = folders.map(Path::to_owned).collect();
        let admin = AdminSocket::bind(data_dir, &folders, store.0.log());
        Ok(Self {
            store,
            identity,
            local_token,
            ticket,
            admin,
        })
    }
}

fn local_ticket(listening: SocketAddr, identity: &Identity, token: &InviteToken) -> Invite {
    Invite {
        address: local_address(listening),
        fingerprint: identity.fingerprint(),
        token: Some(token.clone()),
    }
}

/// Where clients on this machine reach a listener.
fn local_address(listening: SocketAddr) -> ServerAddress {
    let ip = match listening.ip() {
        ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip,
    };
    ServerAddress {
        host: ip.to_string(),
        port: listening.port(),
    }
}

//! A server from start to end: opens what it needs, puts the parts together, takes them down.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use recado_shared::tls::{self, Identity};
use recado_shared::{Fingerprint, Invite, ServerAddress, Token};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::config::LimitError;
use crate::driver::{Driver, INBOX_ROOM, Stopped};
use crate::files::{self, FileError, TicketFile};
use crate::listener::Listener;
use crate::relay::{Relay, RelayConfig};
use crate::store::{Store, StoreConfig, StoreError, StoreEvents, StoreHandle};
use crate::{Config, address, invite};

/// How long the sessions have to write their last frames.
const GOODBYE_LIMIT: Duration = Duration::from_secs(5);

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

/// A server that is ready to serve: its data is open and locked.
#[derive(Debug)]
pub struct Server {
    config: Config,
    identity: Identity,
    local_token: Token,
    store: (StoreHandle, StoreEvents),
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
    let server = Server::prepare(config).await?;
    server.serve(listener, shutdown).await
}

impl Server {
    /// Checks the settings and opens the data folder, making what is missing.
    ///
    /// # Errors
    /// [`ServerError`] says what cannot be used.
    pub async fn prepare(config: Config) -> Result<Self, ServerError> {
        config.limits.check()?;
        let open = move || {
            let store = Store::open(&config.data_dir, StoreConfig::default())?;
            let identity = files::read_or_make_key(&config.data_dir)?;
            let local_token = invite::random_token()?;
            Ok(Self {
                config,
                identity,
                local_token,
                store,
            })
        };
        spawn_blocking(open)
            .await
            .unwrap_or(Err(ServerError::Fault))
    }

    /// What clients pin.
    pub fn fingerprint(&self) -> Fingerprint {
        self.identity.fingerprint()
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The ticket for clients on this machine: it admits any number of them for as long as this
    /// server runs on that address.
    pub fn local_ticket(&self, listening: SocketAddr) -> Invite {
        Invite {
            address: local_address(listening),
            fingerprint: self.fingerprint(),
            token: Some(self.local_token.clone()),
        }
    }

    /// The address that invites name while this server listens there.
    pub fn public_address(&self, listening: SocketAddr) -> ServerAddress {
        let setting = self.config.public_address.clone();
        setting.unwrap_or_else(|| address::guess_public(listening))
    }

    /// Serves until `shutdown` completes and everything is said.
    ///
    /// # Errors
    /// [`ServerError`] says why it cannot start, or had to stop.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ServerError> {
        let listening = listener.local_addr().map_err(ServerError::Listener)?;
        let acceptor = TlsAcceptor::from(Arc::new(tls::server_config(&self.identity)?));
        let ticket = self.leave_notes(listening).await?;
        let relay = Relay::new(RelayConfig {
            policy: self.config.policy,
            local_token: Some(self.local_token),
            max_sessions: self.config.limits.max_sessions,
            max_users: self.config.limits.max_users,
            registrations_per_hour: self.config.limits.registrations_per_hour,
        });
        let (events, inbox) = mpsc::channel(INBOX_ROOM);
        let tasks = TaskTracker::new();
        let (close, stop) = (CancellationToken::new(), CancellationToken::new());
        // Also when this future is dropped half-way.
        let _guards = (close.clone().drop_guard(), stop.clone().drop_guard());
        let listener = Listener {
            socket: listener,
            acceptor,
            limits: self.config.limits,
            events: events.clone(),
            tasks: tasks.clone(),
            close: close.clone(),
            stop: stop.clone(),
        };
        tasks.spawn(listener.run());
        info!(%listening, fingerprint = %self.identity.fingerprint(), "serving");

        let driver = Driver::new(relay, self.store, inbox);
        let (stopped, store) = driver.run(shutdown).await;
        drop(events);
        close.cancel();
        tasks.close();
        if timeout(GOODBYE_LIMIT, tasks.wait()).await.is_err() {
            warn!(
                sessions = tasks.len(),
                "some sessions did not read their goodbye"
            );
            stop.cancel();
            tasks.wait().await;
        }
        let finish = move || {
            store.join();
            drop(ticket);
        };
        spawn_blocking(finish)
            .await
            .map_err(|_| ServerError::Fault)?;
        info!("stopped");
        match stopped {
            Stopped::Drained => Ok(()),
            Stopped::StoreFailed(explanation) => Err(ServerError::StoreFailed(explanation)),
        }
    }

    /// Leaves the ticket and the note of the address.
    async fn leave_notes(&self, listening: SocketAddr) -> Result<Option<TicketFile>, ServerError> {
        let data_dir = self.config.data_dir.clone();
        let path = self.config.ticket.clone();
        let public_address = self.public_address(listening);
        let ticket = self.local_ticket(listening);
        let leave = move || {
            files::note_address(&data_dir, &public_address)?;
            path.map(|path| TicketFile::leave(&path, &ticket))
                .transpose()
        };
        let left = spawn_blocking(leave).await;
        Ok(left.map_err(|_| ServerError::Fault)??)
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

//! Life cycle of a server: it opens the data, starts the listener, the driver and the admin socket, and
//! stops them in order.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use recado_shared::io_reason::{describe, describe_tls};
use recado_shared::tls::{self, Identity};
use recado_shared::{Fingerprint, Invite, ServerAddress};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tracing::{info, warn};

use crate::admin::MAX_ADMINS;
use crate::admin::socket::AdminSocket;
use crate::config::{Config, LimitError, Reloadable};
use crate::driver::{self, Driver, INBOX_CAPACITY};
use crate::files::{self, FileError, TicketFile};
use crate::listener::Listener;
use crate::relay::{Relay, RelayConfig};
use crate::store::{
    self, BackupError, ClockCheck, StoreConfig, StoreError, StoreEvents, StoreHandle,
};
use crate::{address, invite};

/// Time for the sessions to write their last frames.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Time for the store to finish its queue.
const STORE_TIMEOUT: Duration = Duration::from_secs(10);

/// The server cannot start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Anew(#[from] BackupError),
    /// There is data of a server and not its key.
    #[error(
        "the server's key {} is missing, while its data is there. Put the key back, or restore a \
         backup with `recado-server restore FILE`. Clients refuse a server with another key; to start a new \
         server all the same, and move this data aside, use --new",
        path.display()
    )]
    KeyMissing { path: PathBuf },
    /// There is the key of a server and not its data.
    #[error(
        "the database in {} is missing, while the server's key is there. Put recado.db back, \
         or restore a backup with `recado-server restore FILE`. To start a new server all the same, and move \
         this key aside, use --new",
        path.display()
    )]
    DataMissing { path: PathBuf },
    #[error("cannot use the server's key for TLS: {}", describe_tls(.0))]
    Tls(rustls::Error),
    #[error("cannot use the listening socket: {}", describe(.0))]
    Listener(io::Error),
    #[error(
        "database failure: {0}. No acknowledged message is lost. Check the disk and its free space, then \
         start the server again"
    )]
    StoreFailed(String),
    #[error("internal error: a task panicked. See the log")]
    Panicked,
}

/// A server before it serves: its data is open and locked, its local ticket is written, and connections
/// queue at its listener.
#[derive(Debug)]
pub struct Server {
    config: Config,
    reloads: watch::Sender<Reloadable>,
    listener: TcpListener,
    listening: SocketAddr,
    public_address: ServerAddress,
    store: (StoreHandle, StoreEvents),
    identity: Identity,
    local_ticket: Invite,
    ticket_file: Option<TicketFile>,
    admin: Option<AdminSocket>,
}

/// Changes the policy and the limits of a server while it serves.
#[derive(Clone, Debug)]
pub struct Reloader(watch::Sender<Reloadable>);

impl Reloader {
    /// Takes effect at once, for users who are online too.
    ///
    /// # Errors
    /// A limit is out of its range; nothing changes.
    pub fn reload(&self, reloadable: Reloadable) -> Result<(), LimitError> {
        reloadable.limits.check()?;
        self.0.send_replace(reloadable);
        Ok(())
    }
}

impl Server {
    /// Checks the settings, opens the data folder, which it creates if needed, and writes the local
    /// ticket.
    ///
    /// # Errors
    /// A setting or a file cannot be used.
    pub async fn prepare(listener: TcpListener, config: Config) -> Result<Self, ServerError> {
        config.limits.check()?;
        let server = spawn_blocking(move || Self::open(listener, config)).await;
        server.unwrap_or(Err(ServerError::Panicked))
    }

    fn open(listener: TcpListener, config: Config) -> Result<Self, ServerError> {
        let listening = listener.local_addr().map_err(ServerError::Listener)?;
        let store_config = StoreConfig {
            clock: Some(ClockCheck {
                now: driver::now().wall,
                is_accepted: config.accept_clock,
            }),
            disk_reserve: config.limits.disk_reserve,
            ..StoreConfig::default()
        };
        let (data_dir, places) = (&config.data_dir, &config.ticket_places);
        expect_whole(data_dir, config.is_new)?;
        let store = store::open(data_dir, store_config)?;
        if config.remembers_public_address {
            files::remember_public_address(data_dir, config.public_address.as_ref())?;
        }
        let public_address = config.public_address.clone();
        let public_address = public_address.or_else(|| files::remembered_public_address(data_dir));
        let public_address = match public_address {
            Some(address) => address.of_listener(listening.port()),
            None => address::guess_public(listening),
        };
        let identity = files::read_or_make_key(data_dir)?;
        let local_ticket = Invite {
            address: address::local(listening),
            fingerprint: identity.fingerprint(),
            token: Some(invite::random_token()?),
        };
        let is_noted = files::read_address(data_dir).as_ref() == Some(&public_address);
        if !is_noted && let Err(error) = files::write_address(data_dir, &public_address) {
            warn!(%error, "invites made by a command may have an older address");
        }
        let ticket_file = TicketFile::write_first(places, &local_ticket, data_dir);
        let folders = places.iter().filter_map(|path| path.parent());
        let folders: Vec<_> = folders.map(Path::to_owned).collect();
        let admin = AdminSocket::bind(data_dir, &folders, store.0.log);
        let reloadable = Reloadable {
            policy: config.policy,
            limits: config.limits,
        };
        Ok(Self {
            reloads: watch::channel(reloadable).0,
            config,
            listener,
            listening,
            public_address,
            store,
            identity,
            local_ticket,
            ticket_file,
            admin,
        })
    }

    /// The address of the listener, with its actual port.
    pub fn listening(&self) -> SocketAddr {
        self.listening
    }

    /// The digest of the server's public key, which clients pin.
    pub fn fingerprint(&self) -> Fingerprint {
        self.identity.fingerprint()
    }

    /// The ticket for clients on this machine: it admits any number of them while this server runs.
    pub fn local_ticket(&self) -> Invite {
        self.local_ticket.clone()
    }

    /// The address in invites: the setting, or a guess.
    pub fn public_address(&self) -> &ServerAddress {
        &self.public_address
    }

    /// The way to change the policy and the limits later.
    pub fn reloader(&self) -> Reloader {
        Reloader(self.reloads.clone())
    }

    /// Serves until `shutdown` completes, then drains.
    ///
    /// # Errors
    /// The server had to stop.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<(), ServerError> {
        let (mut store, identity) = (self.store, self.identity);
        let limits = self.config.limits;
        let reloads = self.reloads.subscribe();
        let config = RelayConfig {
            policy: self.config.policy,
            local_token: self.local_ticket.token,
            limits,
        };
        let relay = Relay::new(
            config,
            std::mem::take(&mut store.0.memberships),
            driver::now(),
        );
        let (events, inbox) = mpsc::channel(INBOX_CAPACITY);
        let tasks = TaskTracker::new();
        let (close, stop) = (CancellationToken::new(), CancellationToken::new());
        // Ends the tasks also when this future is dropped.
        let _guards = (close.clone().drop_guard(), stop.clone().drop_guard());
        let listener = Listener {
            socket: self.listener,
            tls: Arc::new(tls::server_config(&identity).map_err(ServerError::Tls)?),
            settings: reloads.clone(),
            events: events.clone(),
            tasks: tasks.clone(),
            close: close.clone(),
            stop: stop.clone(),
        };
        tasks.spawn(listener.run());
        info!(listening = %self.listening, fingerprint = %identity.fingerprint(), "serving");

        let (calls, admin_calls) = mpsc::channel(MAX_ADMINS);
        if let Some(admin) = self.admin {
            tasks.spawn(admin.run(calls, close.clone()));
        }
        let driver = Driver::new(relay, store, inbox, (admin_calls, reloads));
        let (outcome, store) = drive(driver, shutdown).await?;
        drop(events);
        close.cancel();
        tasks.close();
        if timeout(CLOSE_TIMEOUT, tasks.wait()).await.is_err() {
            warn!(
                sessions = tasks.len(),
                "sessions closed without their last frame"
            );
            stop.cancel();
            tasks.wait().await;
        }
        let finish = spawn_blocking(move || {
            store.join();
            drop(self.ticket_file);
        });
        if let Ok(finished) = timeout(STORE_TIMEOUT, finish).await {
            finished.map_err(|_| ServerError::Panicked)?;
        } else {
            warn!("the disk does not respond: stopping without it");
        }
        info!("stopped");
        outcome.map_err(ServerError::StoreFailed)
    }
}

/// Fails if one of the database and the key is missing beside the other. A new server moves what is there
/// aside instead.
fn expect_whole(data_dir: &Path, is_new: bool) -> Result<(), ServerError> {
    let path = data_dir.to_owned();
    let has_database = store::has_database(data_dir)?;
    let error = match (files::key_in(data_dir).exists(), has_database) {
        (true, false) => ServerError::DataMissing { path },
        // The first start may have ended before it made the key.
        (false, true) if store::has_users(data_dir) => ServerError::KeyMissing {
            path: files::key_in(data_dir),
        },
        (true, true) | (false, _) => return Ok(()),
    };
    if !is_new {
        return Err(error);
    }
    if let Some(aside) = store::begin_anew(data_dir)? {
        warn!(aside = %aside.display(), "the rest of an incomplete server is moved aside");
    }
    Ok(())
}

/// Runs the driver as a task beside the sessions, so that on one core their messages need no switch of
/// threads. The task ends with this future.
async fn drive(
    driver: Driver,
    shutdown: impl Future<Output = ()>,
) -> Result<(Result<(), String>, StoreHandle), ServerError> {
    let drain = CancellationToken::new();
    let driving = tokio::spawn(driver.run(drain.clone().cancelled_owned()));
    let mut driving = AbortOnDropHandle::new(driving);
    let ended = tokio::select! {
        ended = &mut driving => ended,
        () = shutdown => {
            drain.cancel();
            driving.await
        }
    };
    ended.map_err(|_| ServerError::Panicked)
}

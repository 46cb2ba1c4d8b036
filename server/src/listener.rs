//! TCP listener: accepts connections within the limits, does the TLS handshake, and starts a session for
//! each. It does not know frames.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use recado_shared::Refusal;
use recado_shared::io_reason::describe;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, debug, field, info, info_span, warn};

use crate::address;
use crate::config::Limits;
use crate::id::SessionId;
use crate::net::socket;
use crate::net::tls_stream::{self, TlsStream};
use crate::relay::Peer;
use crate::session::{self, AdmissionLimits, HANDSHAKE_TIMEOUT, SessionContext, SessionEvent};

/// Pause after a failed accept. It doubles with each failure in a row, up to [`MAX_BACKOFF`].
const MIN_BACKOFF: Duration = Duration::from_millis(10);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// Connections accepted before the task yields, so that open sessions do not wait for a burst of them.
const ACCEPTS_PER_TURN: u64 = 16;

pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) tls: Arc<ServerConfig>,
    pub(crate) limits: Limits,
    pub(crate) events: mpsc::Sender<SessionEvent>,
    pub(crate) tasks: TaskTracker,
    pub(crate) close: CancellationToken,
    pub(crate) stop: CancellationToken,
}

/// Values and permits that all connections of a listener share.
struct ConnectionContext {
    tls: Arc<ServerConfig>,
    limits: Arc<Limits>,
    events: mpsc::Sender<SessionEvent>,
    admission: Arc<AdmissionLimits>,
    handshakes: Semaphore,
    /// Steps of handshakes that compute at the same time: one for each worker of the runtime.
    computing: Semaphore,
}

struct Connection {
    context: Arc<ConnectionContext>,
    /// Held while the connection is open.
    slot: Slot,
    address: SocketAddr,
    id: SessionId,
}

impl Listener {
    pub(crate) async fn run(self) {
        let close = self.close.clone();
        close.run_until_cancelled(self.accept_all()).await;
    }

    async fn accept_all(self) {
        let connections = Arc::new(Semaphore::new(self.limits.max_connections()));
        let networks = Arc::new(Networks::new(self.limits.max_handshakes_per_address));
        let context = Arc::new(ConnectionContext {
            tls: self.tls.clone(),
            limits: Arc::new(self.limits),
            events: self.events.clone(),
            admission: Arc::default(),
            handshakes: Semaphore::new(self.limits.max_handshakes),
            computing: Semaphore::new(Handle::current().metrics().num_workers()),
        });
        let mut id = 0;
        // The semaphore is never closed.
        while let Ok(permit) = Arc::clone(&connections).acquire_owned().await {
            let (stream, address) = self.accept().await;
            id += 1;
            let connection = Connection {
                context: Arc::clone(&context),
                slot: networks.add_connection(address::network(address.ip()), permit),
                address,
                id: SessionId(id),
            };
            let stop = self.stop.clone();
            let span = info_span!("session", id, peer = %address, user = field::Empty);
            let task = async move {
                stop.run_until_cancelled(connection.run(stream)).await;
            };
            self.tasks.spawn(task.instrument(span));
            if id.is_multiple_of(ACCEPTS_PER_TURN) {
                yield_now().await;
            }
        }
    }

    async fn accept(&self) -> (TcpStream, SocketAddr) {
        let mut backoff = MIN_BACKOFF;
        loop {
            match self.socket.accept().await {
                Ok(accepted) => return accepted,
                Err(error) if is_of_one_connection(&error) => {
                    debug!(error = describe(&error), "connection lost");
                }
                Err(error) => {
                    warn!(
                        error = describe(&error),
                        "cannot accept connections; retrying"
                    );
                    sleep(backoff).await;
                    backoff = (backoff * 2).min(MAX_BACKOFF);
                }
            }
        }
    }
}

impl Connection {
    async fn run(self, stream: TcpStream) {
        if let Err(error) = socket::configure(&stream) {
            return debug!(error = describe(&error), "connection lost");
        }
        let limits = &self.context.limits;
        let is_over_limit = self.slot.earlier_connections >= limits.max_connections_per_address;
        // A task has room for its largest state for as long as it lives, so the handshake has memory
        // of its own.
        if is_over_limit {
            Box::pin(self.refuse(stream)).await;
        } else if let Some(stream) = Box::pin(self.handshake(stream)).await {
            self.serve(stream).await;
        }
    }

    /// Tells the peer that its address has too many connections, unless other handshakes would wait.
    async fn refuse(&self, stream: TcpStream) {
        let own = self.slot.handshakes.try_acquire();
        let (Ok(_own), Ok(_handshake)) = (own, self.context.handshakes.try_acquire()) else {
            return warn!("too many connections from this address: dropped");
        };
        warn!("too many connections from this address: refused");
        let stream = timeout(HANDSHAKE_TIMEOUT, self.accept_tls(stream)).await;
        if let Ok(Ok(stream)) = stream {
            session::refuse(stream, Refusal::TooManyConnections).await;
        }
    }

    async fn accept_tls(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let tls = Arc::clone(&self.context.tls);
        tls_stream::accept(stream, tls, &self.context.computing).await
    }

    /// The stream is boxed, because each future that takes it has room for it.
    async fn handshake(&self, stream: TcpStream) -> Option<Box<TlsStream<TcpStream>>> {
        let handshake = async {
            // The permit of the network comes first, so that a network over its limit does not delay
            // the others.
            let _permits = (
                self.slot.handshakes.acquire().await,
                self.context.handshakes.acquire().await,
            );
            self.accept_tls(stream).await
        };
        match timeout(HANDSHAKE_TIMEOUT, handshake).await {
            Ok(Ok(stream)) => return Some(Box::new(stream)),
            Ok(Err(error)) => info!(error = describe(&error), "TLS handshake failed"),
            Err(_) => info!("TLS handshake timed out"),
        }
        None
    }

    async fn serve(self, stream: Box<TlsStream<TcpStream>>) {
        let address = match stream.get_ref().local_addr() {
            Ok(own) => address::of_peer(self.address.ip(), own.ip()),
            Err(error) => return debug!(error = describe(&error), "connection lost"),
        };
        let Some(key) = stream.peer_key() else {
            // Unreachable: the handshake requires a key.
            return warn!("no device key");
        };
        let context = SessionContext {
            id: self.id,
            peer: Peer { key, address },
            events: self.context.events.clone(),
            admission: Arc::clone(&self.context.admission),
            limits: Arc::clone(&self.context.limits),
        };
        if let Some(notice) = session::run(stream, context).await {
            // The same client may reconnect before the notice is sent.
            drop(self.slot);
            notice.send().await;
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

/// Networks with open connections, see [`address::network`].
#[derive(Debug)]
struct Networks {
    max_handshakes: usize,
    by_address: Mutex<BTreeMap<IpAddr, Network>>,
}

#[derive(Debug)]
struct Network {
    connections: usize,
    handshakes: Arc<Semaphore>,
}

/// Slot of an open connection, freed on drop.
#[derive(Debug)]
struct Slot {
    networks: Arc<Networks>,
    network: IpAddr,
    /// Open connections of the network when this one was added.
    earlier_connections: usize,
    handshakes: Arc<Semaphore>,
    _permit: OwnedSemaphorePermit,
}

impl Networks {
    fn new(max_handshakes: usize) -> Self {
        Self {
            max_handshakes,
            by_address: Mutex::default(),
        }
    }

    fn add_connection(self: &Arc<Self>, network: IpAddr, permit: OwnedSemaphorePermit) -> Slot {
        let mut networks = self.lock();
        let entry = networks.entry(network).or_insert_with(|| Network {
            connections: 0,
            handshakes: Arc::new(Semaphore::new(self.max_handshakes)),
        });
        let earlier_connections = entry.connections;
        entry.connections += 1;
        Slot {
            networks: Arc::clone(self),
            network,
            earlier_connections,
            handshakes: Arc::clone(&entry.handshakes),
            _permit: permit,
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<IpAddr, Network>> {
        self.by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut networks = self.networks.lock();
        if let Some(network) = networks.get_mut(&self.network) {
            network.connections -= 1;
            if network.connections == 0 {
                networks.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use recado_shared::tls::{self, Identity};

    use super::*;
    use crate::config::Config;

    #[tokio::test]
    async fn a_burst_of_connections_yields_to_other_tasks() {
        const CONNECTIONS: u64 = 5 * ACCEPTS_PER_TURN / 2;
        let socket = socket::listen(Some(([127, 0, 0, 1], 0).into())).unwrap();
        let address = socket.local_addr().unwrap();
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            clients.push(TcpStream::connect(address).await.unwrap());
        }
        let tls = tls::server_config(&Identity::generate().unwrap()).unwrap();
        let tasks = TaskTracker::new();
        let (events, _inbox) = mpsc::channel(1);
        let listener = Listener {
            socket,
            tls: Arc::new(tls),
            limits: Config::new(Path::new("")).limits,
            events,
            tasks: tasks.clone(),
            close: CancellationToken::new(),
            stop: CancellationToken::new(),
        };
        let listening = tokio::spawn(listener.run());
        let mut before = 0;
        while before < CONNECTIONS {
            yield_now().await;
            let now = tasks.len() as u64;
            let turn = now - before;
            assert!(turn <= ACCEPTS_PER_TURN, "{turn} were accepted");
            before = now;
        }
        listening.abort();
    }

    #[tokio::test]
    async fn a_network_is_forgotten_with_its_last_connection() {
        let connections = Arc::new(Semaphore::new(9));
        let networks = Arc::new(Networks::new(1));
        let network = IpAddr::from([192, 0, 2, 1]);
        let permit = || Arc::clone(&connections).try_acquire_owned().unwrap();
        let first = networks.add_connection(network, permit());
        let second = networks.add_connection(network, permit());
        let elsewhere = networks.add_connection(IpAddr::from([192, 0, 2, 2]), permit());
        let earlier = [&first, &second, &elsewhere].map(|slot| slot.earlier_connections);
        assert_eq!(earlier, [0, 1, 0]);
        drop(first);
        let third = networks.add_connection(network, permit());
        assert_eq!(third.earlier_connections, 1);
        drop((second, third, elsewhere));
        assert!(networks.lock().is_empty());
        assert_eq!(connections.available_permits(), 9);
    }
}

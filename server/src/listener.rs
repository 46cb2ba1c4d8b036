//! Accepts connections within the limits, shakes hands, and starts a task for each. Knows nothing
//! of frames.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use recado_shared::Refusal;
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
use crate::session::{self, Crowd, HANDSHAKE_TIMEOUT, SessionContext, SessionEvent};

/// After a failed accept nothing is accepted for this long, twice as long after the next, and so
/// on up to [`MAX_BACKOFF`].
const MIN_BACKOFF: Duration = Duration::from_millis(10);

/// See [`MIN_BACKOFF`].
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// Connections accepted before everything else has its turn: when everybody comes at once, those who
/// are in wait for so many beginnings and not for thousands.
const ACCEPTS_PER_TURN: u64 = 16;

/// Accepts connections. Everything that it starts ends with `stop`.
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) tls: Arc<ServerConfig>,
    pub(crate) limits: Limits,
    pub(crate) events: mpsc::Sender<SessionEvent>,
    pub(crate) tasks: TaskTracker,
    /// No more connections.
    pub(crate) close: CancellationToken,
    /// No more sessions either.
    pub(crate) stop: CancellationToken,
}

/// What a connection's task is given.
struct Connection {
    tls: Arc<ServerConfig>,
    handshakes: Arc<Semaphore>,
    crowd: Arc<Crowd>,
    /// Handshakes that compute at a time.
    turns: Arc<Semaphore>,
    /// Held for as long as the connection is open.
    place: Place,
    address: SocketAddr,
    limits: Limits,
    id: SessionId,
    events: mpsc::Sender<SessionEvent>,
}

impl Listener {
    /// Accepts until told to close.
    pub(crate) async fn run(self) {
        let close = self.close.clone();
        tokio::select! {
            () = close.cancelled() => {}
            () = self.accept_all() => {}
        }
    }

    async fn accept_all(self) {
        let places = Arc::new(Semaphore::new(self.limits.max_connections()));
        let handshakes = Arc::new(Semaphore::new(self.limits.max_handshakes));
        let crowd = Arc::new(Crowd::default());
        // Each worker of the runtime may be busy with one, and with something else next.
        let turns = Arc::new(Semaphore::new(Handle::current().metrics().num_workers()));
        let addresses = Arc::new(Addresses::new(self.limits.max_handshakes_per_address));
        let mut id = 0;
        // The semaphore is never closed.
        while let Ok(permit) = Arc::clone(&places).acquire_owned().await {
            let (stream, address) = self.accept().await;
            id += 1;
            let connection = Connection {
                tls: Arc::clone(&self.tls),
                handshakes: Arc::clone(&handshakes),
                turns: Arc::clone(&turns),
                crowd: Arc::clone(&crowd),
                place: addresses.enter(address::network(address.ip()), permit),
                address,
                limits: self.limits,
                id: SessionId(id),
                events: self.events.clone(),
            };
            let stop = self.stop.clone();
            let span = info_span!("session", id, peer = %address, user = field::Empty);
            let task = async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = connection.run(stream) => {}
                }
            };
            self.tasks.spawn(task.instrument(span));
            if id.is_multiple_of(ACCEPTS_PER_TURN) {
                yield_now().await;
            }
        }
    }

    /// Accepts a connection, however often that fails first.
    async fn accept(&self) -> (TcpStream, SocketAddr) {
        let mut backoff = MIN_BACKOFF;
        loop {
            match self.socket.accept().await {
                Ok(accepted) => return accepted,
                Err(error) if is_of_one_connection(&error) => debug!(%error, "connection lost"),
                Err(error) => {
                    warn!(%error, "cannot accept connections: trying again");
                    sleep(backoff).await;
                    backoff = (backoff * 2).min(MAX_BACKOFF);
                }
            }
        }
    }
}

impl Connection {
    async fn run(self, stream: TcpStream) {
        if let Err(error) = socket::prepare(&stream) {
            debug!(%error, "connection lost");
            return;
        }
        let is_too_many = self.place.others >= self.limits.max_connections_per_address;
        // What is needed only at the beginning has memory of its own, which is given back: the task
        // lives as long as the session, with room for its largest state.
        if is_too_many {
            Box::pin(self.turn_away(stream)).await;
        } else if let Some(stream) = Box::pin(self.shake_hands(stream)).await {
            self.serve(stream).await;
        }
    }

    /// Tells a connection that there are too many from its address, as long as that keeps nobody
    /// waiting who is let in.
    async fn turn_away(&self, stream: TcpStream) {
        let own = self.place.handshakes.try_acquire();
        let (Ok(_own), Ok(_handshake)) = (own, self.handshakes.try_acquire()) else {
            warn!("too many connections from this address: dropped");
            return;
        };
        warn!("too many connections from this address: refused");
        let stream = timeout(
            HANDSHAKE_TIMEOUT,
            tls_stream::accept(stream, Arc::clone(&self.tls), &self.turns),
        )
        .await;
        if let Ok(Ok(stream)) = stream {
            session::refuse(stream, Refusal::TooManyConnections).await;
        }
    }

    /// The stream is boxed, because every future that it is handed to has room for it.
    async fn shake_hands(&self, stream: TcpStream) -> Option<Box<TlsStream<TcpStream>>> {
        let handshake = async {
            // First those of its network, so that one network waits for itself and not in the way
            // of the others.
            let permits = (
                self.place.handshakes.acquire().await,
                self.handshakes.acquire().await,
            );
            let stream = tls_stream::accept(stream, Arc::clone(&self.tls), &self.turns).await;
            drop(permits);
            stream
        };
        match timeout(HANDSHAKE_TIMEOUT, handshake).await {
            Ok(Ok(stream)) => Some(Box::new(stream)),
            Ok(Err(error)) => {
                info!(%error, "handshake failed");
                None
            }
            Err(_) => {
                info!("handshake took too long");
                None
            }
        }
    }

    async fn serve(self, stream: Box<TlsStream<TcpStream>>) {
        let address = match stream.get_ref().local_addr() {
            Ok(own) => address::of_peer(self.address.ip(), own.ip()),
            Err(error) => {
                debug!(%error, "connection lost");
                return;
            }
        };
        let Some(key) = stream.peer_key() else {
            // The handshake demands a key.
            warn!("no device key");
            return;
        };
        let context = SessionContext {
            id: self.id,
            peer: Peer { key, address },
            events: self.events,
            crowd: self.crowd,
            rates: self.limits.rates,
        };
        if let Some(parting) = session::run(stream, context).await {
            // Its place is for others: they may be the same people who come back.
            drop(self.place);
            parting.tell().await;
        }
    }
}

/// Whether an error of accepting concerns only the connection that was to be accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

/// What each network has; bounded because each entry has at least one connection.
#[derive(Debug)]
struct Addresses {
    max_handshakes: usize,
    networks: Mutex<BTreeMap<IpAddr, Network>>,
}

#[derive(Debug)]
struct Network {
    connections: usize,
    handshakes: Arc<Semaphore>,
}

/// The place of one connection, given back when dropped.
#[derive(Debug)]
struct Place {
    addresses: Arc<Addresses>,
    network: IpAddr,
    /// How many connections its network had before.
    others: usize,
    /// The handshakes of its network.
    handshakes: Arc<Semaphore>,
    _permit: OwnedSemaphorePermit,
}

impl Addresses {
    fn new(max_handshakes: usize) -> Self {
        Self {
            max_handshakes,
            networks: Mutex::default(),
        }
    }

    fn enter(self: &Arc<Self>, network: IpAddr, permit: OwnedSemaphorePermit) -> Place {
        let mut networks = self.lock();
        let entry = networks.entry(network).or_insert_with(|| Network {
            connections: 0,
            handshakes: Arc::new(Semaphore::new(self.max_handshakes)),
        });
        let others = entry.connections;
        entry.connections += 1;
        Place {
            addresses: Arc::clone(self),
            network,
            others,
            handshakes: Arc::clone(&entry.handshakes),
            _permit: permit,
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<IpAddr, Network>> {
        self.networks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut networks = self.addresses.lock();
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
    async fn a_crowd_that_connects_lets_others_have_their_turn() {
        const CROWD: u64 = 5 * ACCEPTS_PER_TURN / 2;
        let socket = socket::listen(Some(([127, 0, 0, 1], 0).into())).unwrap();
        let address = socket.local_addr().unwrap();
        let mut crowd = Vec::new();
        for _ in 0..CROWD {
            crowd.push(TcpStream::connect(address).await.unwrap());
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
        while before < CROWD {
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
        let places = Arc::new(Semaphore::new(9));
        let addresses = Arc::new(Addresses::new(1));
        let network = IpAddr::from([192, 0, 2, 1]);
        let permit = || Arc::clone(&places).try_acquire_owned().unwrap();
        let first = addresses.enter(network, permit());
        let second = addresses.enter(network, permit());
        let elsewhere = addresses.enter(IpAddr::from([192, 0, 2, 2]), permit());
        assert_eq!((first.others, second.others, elsewhere.others), (0, 1, 0));
        drop(first);
        let third = addresses.enter(network, permit());
        assert_eq!(third.others, 1);
        drop((second, third, elsewhere));
        assert!(addresses.lock().is_empty());
        assert_eq!(places.available_permits(), 9);
    }
}

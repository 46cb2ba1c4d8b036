//! TCP listener: accepts connections within the limits, does the TLS handshake, and starts a session for
//! each. It does not know frames.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use recado_shared::Refusal;
use recado_shared::io_reason::describe;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, debug, field, info, info_span, warn};

use crate::address;
use crate::config::Reloadable;
use crate::connection_log::{Kind, Source};
use crate::connections::{Connections, Slot, Verdict};
use crate::id::SessionId;
use crate::net::socket;
use crate::net::tls_stream::{self, TlsStream};
use crate::relay::Peer;
use crate::session::{
    self, AdmissionLimits, HANDSHAKE_TIMEOUT, SessionContext, SessionEvent, UserRates,
};

/// Pause after a failed accept. It doubles with each failure in a row, up to [`MAX_BACKOFF`].
const MIN_BACKOFF: Duration = Duration::from_millis(10);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// Connections accepted before the task yields, so that open sessions do not wait for a burst of them.
const ACCEPTS_PER_TURN: u64 = 16;

pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) tls: Arc<ServerConfig>,
    pub(crate) settings: watch::Receiver<Reloadable>,
    pub(crate) events: mpsc::Sender<SessionEvent>,
    pub(crate) tasks: TaskTracker,
    pub(crate) close: CancellationToken,
    pub(crate) stop: CancellationToken,
}

/// Values that all connections of a listener share.
struct ConnectionContext {
    tls: Arc<ServerConfig>,
    settings: watch::Receiver<Reloadable>,
    events: mpsc::Sender<SessionEvent>,
    admission: Arc<AdmissionLimits>,
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
        let admission = Arc::<AdmissionLimits>::default();
        let shared = Arc::clone(&admission);
        let settings = self.settings.clone();
        let serving = async {
            tokio::join!(
                self.accept_all(admission),
                shared.log.run(),
                follow_rates(settings, &shared.rates)
            );
        };
        close.run_until_cancelled(serving).await;
        shared.log.flush();
    }

    async fn accept_all(self, admission: Arc<AdmissionLimits>) {
        let computing = Handle::current().metrics().num_workers();
        let connections = Arc::new(Connections::new(self.settings.clone(), computing));
        let context = Arc::new(ConnectionContext {
            tls: Arc::clone(&self.tls),
            settings: self.settings.clone(),
            events: self.events.clone(),
            admission,
        });
        let mut id = 0_u64;
        loop {
            let (stream, address) = self.accept().await;
            id += 1;
            let network = address::network(address.ip());
            let connection = Connection {
                context: Arc::clone(&context),
                slot: connections.admit(network).await,
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

/// Lets changed limits hold for the users who are online.
async fn follow_rates(mut settings: watch::Receiver<Reloadable>, rates: &UserRates) {
    while settings.changed().await.is_ok() {
        rates.reload(&settings.borrow_and_update().limits, Instant::now());
    }
}

impl Connection {
    async fn run(self, stream: TcpStream) {
        if let Err(error) = socket::configure(&stream) {
            return debug!(error = describe(&error), "connection lost");
        }
        if self.slot.verdict != Verdict::Serve {
            self.log(Kind::Refused, || {
                info!("connection refused: too many from this address");
            });
        }
        if self.slot.verdict == Verdict::Drop {
            return;
        }
        // A task has room for its largest state for as long as it lives, so the handshake has memory
        // of its own.
        let Some(stream) = Box::pin(self.handshake(stream)).await else {
            return;
        };
        if self.slot.verdict == Verdict::Refuse {
            Box::pin(session::refuse(stream, Refusal::TooManyConnections)).await;
        } else {
            self.serve(stream).await;
        }
    }

    /// The stream is boxed, because each future that takes it has room for it.
    async fn handshake(&self, stream: TcpStream) -> Option<Box<TlsStream<TcpStream>>> {
        let tls = Arc::clone(&self.context.tls);
        let handshake = tls_stream::accept(stream, tls, || self.slot.turn());
        let handshake = tokio::select! {
            biased;
            handshake = timeout(HANDSHAKE_TIMEOUT, handshake) => handshake,
            () = self.slot.given_up() => {
                self.log(Kind::GivenUp, || {
                    info!("connection closed: too many wait to sign in");
                });
                return None;
            }
        };
        match handshake {
            Ok(Ok(stream)) => return Some(Box::new(stream)),
            Ok(Err(error)) => self.log(Kind::HandshakeFailed, || {
                info!(error = describe(&error), "TLS handshake failed");
            }),
            Err(_) => self.log(Kind::GivenUp, || info!("TLS handshake timed out")),
        }
        None
    }

    /// Logs an event, unless it is one of many of its network.
    fn log(&self, kind: Kind, write: impl FnOnce()) {
        let network = address::network(self.address.ip());
        let log = &self.context.admission.log;
        if log.count(Source::Network(network), kind) {
            write();
        }
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
            limits: Arc::new(self.context.settings.borrow().limits),
        };
        // The slot is free before the notice is sent: the same client may have reconnected.
        if let Some(notice) = session::run(stream, context, self.slot).await {
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

#[cfg(test)]
mod tests {
    use recado_shared::tls::{self, Identity};

    use super::*;

    #[tokio::test]
    async fn a_burst_of_connections_yields_to_other_tasks() {
        const CONNECTIONS: u64 = 5 * ACCEPTS_PER_TURN / 2;
        let socket = socket::listen(Some("127.0.0.1:0".parse().unwrap())).unwrap();
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
            settings: watch::channel(Reloadable::default()).1,
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
}

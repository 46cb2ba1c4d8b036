//! A server on a free port, links that can be cut, and clients of it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use recado::net::{self, Connector, KnownState, NetConfig, NetEvent, NetHandle, session::Session};
use recado_server::{Config, Server, listen};
use recado_shared::tls::Identity;
use recado_shared::{Hello, Invite, ServerAddress};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

/// Long enough for a machine under load; waits end as soon as they can. Reaching it means that
/// something is stuck.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// Waits for something that has to happen.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future).await.expect("nothing happened")
}

pub(crate) struct TestServer {
    pub(crate) ticket: Invite,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), recado_server::ServerError>>,
}

impl TestServer {
    /// Starts a server on a free port with its data in `folder`.
    pub(crate) async fn start(folder: &Path) -> Self {
        Self::start_with(Config::new(folder.join("server")), 0).await
    }

    /// Starts a server with these settings; port 0 takes a free one.
    pub(crate) async fn start_with(config: Config, port: u16) -> Self {
        let listener = listen(Some(format!("127.0.0.1:{port}").parse().unwrap())).unwrap();
        let server = Server::prepare(listener, config).await.unwrap();
        let ticket = server.local_ticket();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            // A dropped sender stops the server too.
            let _ = stopped.await;
        };
        let task = tokio::spawn(server.serve(shutdown));
        Self { ticket, stop, task }
    }

    pub(crate) fn port(&self) -> u16 {
        self.ticket.address.port
    }

    /// Stops as on SIGTERM and waits for the end.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        within(self.task).await.unwrap().unwrap();
    }

    /// A new device that claims `name`.
    pub(crate) async fn join(&self, name: &str) -> Session {
        let key = Identity::generate().unwrap();
        let connector = Connector::new(&key, self.ticket.fingerprint).unwrap();
        let hello = Hello {
            name: Some(name.to_owned()),
            token: self.ticket.token.clone(),
            ..net::hello()
        };
        let opening = connector.open(&self.ticket.address, hello);
        within(opening).await.unwrap()
    }
}

/// A client's network task and what it says.
pub(crate) struct TestNet {
    pub(crate) handle: NetHandle,
    pub(crate) events: mpsc::Receiver<NetEvent>,
}

impl TestNet {
    pub(crate) fn spawn(config: NetConfig) -> Self {
        let (handle, events) = net::spawn(config).unwrap();
        Self { handle, events }
    }

    pub(crate) async fn next(&mut self) -> NetEvent {
        within(self.events.recv()).await.expect("the task ended")
    }

    /// Takes events until one is what `pick` looks for.
    pub(crate) async fn until<T>(&mut self, pick: impl Fn(&NetEvent) -> Option<T>) -> T {
        loop {
            if let Some(found) = pick(&self.next().await) {
                return found;
            }
        }
    }
}

/// How a new device that claims `name` reaches a server by its ticket.
pub(crate) fn config(ticket: &Invite, name: &str) -> NetConfig {
    NetConfig {
        address: ticket.address.clone(),
        fingerprint: ticket.fingerprint,
        identity: Arc::new(Identity::generate().unwrap()),
        name: Some(name.to_owned()),
        token: ticket.token.clone(),
        known: KnownState::default(),
        locate: None,
        last_reached: net::LastReached::default(),
        report: None,
    }
}

/// A relay of bytes in front of a server, which can be cut or fall silent.
pub(crate) struct Link {
    pub(crate) address: ServerAddress,
    state: watch::Sender<LinkState>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkState {
    Up,
    /// What is connected stays connected, and nothing passes.
    Silent,
    /// Connections are closed, and new ones too.
    Cut,
}

impl Link {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let (state, watched) = watch::channel(LinkState::Up);
        tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(carry(client, port, watched.clone()));
            }
        });
        let address = address.to_string().parse().unwrap();
        Self { address, state }
    }

    pub(crate) fn set(&self, state: LinkState) {
        self.state.send_replace(state);
    }
}

async fn carry(mut client: TcpStream, port: u16, mut state: watch::Receiver<LinkState>) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else {
        return;
    };
    loop {
        let now = *state.borrow_and_update();
        tokio::select! {
            result = copy_bidirectional(&mut client, &mut server), if now == LinkState::Up => {
                // Either side closing or breaking ends the connection.
                drop(result);
                return;
            }
            changed = state.changed() => if changed.is_err() {
                return;
            },
            () = std::future::ready(()), if now == LinkState::Cut => return,
        }
    }
}

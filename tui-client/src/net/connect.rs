//! One attempt to open a session: resolve, connect and TLS with one of the addresses, hello. Its caller
//! decides about another attempt.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use recado_shared::client;
use recado_shared::device::DEVICE_NAME_EXTENSION;
use recado_shared::io_reason::{describe, describe_tls};
use recado_shared::limits::MAX_DEVICE_NAME_CHARS;
use recado_shared::tls::{self, Identity};
use recado_shared::{DeviceName, Extension, Fingerprint, Hello, ServerAddress};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;

use super::error::ConnectError;
use super::session::Session;
use super::{race, socket};
use crate::strings;

const SOFTWARE: &str = concat!("recado ", env!("CARGO_PKG_VERSION"));

/// Bound of one network address.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Bound of TLS, and then of the hello. The server may wait for its disk.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// A hello of this program, which suggests the host name without its domain as the device's name.
pub fn hello() -> Hello {
    let device_name = machine_name().map(|name| Extension {
        kind: DEVICE_NAME_EXTENSION,
        value: name.as_str().as_bytes().to_vec(),
    });
    Hello {
        extensions: device_name.into_iter().collect(),
        ..client::hello(SOFTWARE)
    }
}

fn machine_name() -> Option<DeviceName> {
    let system = rustix::system::uname();
    let name = system.nodename().to_str().ok()?;
    let name = name.split('.').next().unwrap_or(name);
    let name: String = name.chars().take(MAX_DEVICE_NAME_CHARS).collect();
    DeviceName::new(&name).ok()
}

/// Makes sessions with one server key and one device key.
#[derive(Clone, Debug)]
pub struct Connector {
    tls: Arc<ClientConfig>,
    pin: Fingerprint,
}

impl Connector {
    /// Connects the device `identity` only to the server with the fingerprint `pin`.
    ///
    /// # Errors
    /// [`ConnectError::Key`] if the TLS library refuses the key.
    pub fn new(identity: &Identity, pin: Fingerprint) -> Result<Self, ConnectError> {
        let tls = tls::client_config(identity, pin)
            .map_err(|error| ConnectError::Key(describe_tls(&error).to_owned()))?;
        let tls = Arc::new(tls);
        Ok(Self { tls, pin })
    }

    /// Opens a session at `address`.
    ///
    /// # Errors
    /// [`ConnectError`] says what is in the way and what to do.
    pub async fn open(
        &self,
        address: &ServerAddress,
        hello: Hello,
    ) -> Result<Session, ConnectError> {
        let (session, _) = self.open_preferring(address, None, hello).await?;
        Ok(session)
    }

    /// Opens a session as [`open`](Self::open), and tries one network address of the host first. Returns the
    /// one that worked if there was a choice.
    pub(super) async fn open_preferring(
        &self,
        address: &ServerAddress,
        preferred: Option<SocketAddr>,
        hello: Hello,
    ) -> Result<(Session, Option<SocketAddr>), ConnectError> {
        let sockets = race::order(&resolve(address).await?, preferred);
        let (reached, stream) = self.reach(address, &sockets).await?;
        let session = timeout(HANDSHAKE_TIMEOUT, Session::open(address, stream, hello));
        let session = session.await.unwrap_or_else(|_| Err(silent(address)))?;
        Ok((session, (sockets.len() > 1).then_some(reached)))
    }

    /// Opens TLS with the first network address that answers with the server's key.
    async fn reach(
        &self,
        address: &ServerAddress,
        sockets: &[SocketAddr],
    ) -> Result<(SocketAddr, TlsStream<TcpStream>), ConnectError> {
        let attempt = |socket| self.open_stream(address, socket);
        let reached = race::first_success(sockets, attempt).await;
        reached.map_err(|failures| {
            let failure = failures.into_iter().max_by_key(telling);
            failure.unwrap_or_else(|| ConnectError::Resolve {
                address: address.clone(),
                reason: strings::errors::NO_NETWORK_ADDRESS.to_owned(),
            })
        })
    }

    async fn open_stream(
        &self,
        address: &ServerAddress,
        socket: SocketAddr,
    ) -> Result<TlsStream<TcpStream>, ConnectError> {
        let tcp = timeout(CONNECT_TIMEOUT, TcpStream::connect(socket)).await;
        let tcp = tcp
            .map_err(|_| silent(address))?
            .map_err(|error| unreachable(address, error))?;
        socket::prepare(&tcp);
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let stream = connector.connect(tls::server_name(), tcp);
        let stream = timeout(HANDSHAKE_TIMEOUT, stream).await;
        let stream = stream.map_err(|_| silent(address))?;
        stream.map_err(|error| self.tls_error(address, &error))
    }

    fn tls_error(&self, address: &ServerAddress, error: &io::Error) -> ConnectError {
        let (address, reason) = (address.clone(), describe(error));
        match tls::pin_mismatch(error) {
            Some(mismatch) => ConnectError::WrongKey {
                address,
                seen: mismatch.seen,
                pinned: self.pin,
            },
            None if error.kind() == io::ErrorKind::InvalidData => {
                ConnectError::NotRecado { address, reason }
            }
            None => ConnectError::Broken { address, reason },
        }
    }
}

fn silent(address: &ServerAddress) -> ConnectError {
    ConnectError::Timeout {
        address: address.clone(),
    }
}

/// How much a failure of one network address says about the host, from little to much.
const fn telling(error: &ConnectError) -> u8 {
    match error {
        // A machine without IPv6 says this of every address of that family.
        ConnectError::Unreachable { .. } => 0,
        ConnectError::Timeout { .. } => 1,
        ConnectError::ConnectionRefused { .. } => 2,
        ConnectError::Broken { .. } => 3,
        ConnectError::NotRecado { .. } => 4,
        _ => 5,
    }
}

fn unreachable(address: &ServerAddress, source: io::Error) -> ConnectError {
    let address = address.clone();
    match source.kind() {
        io::ErrorKind::ConnectionRefused => ConnectError::ConnectionRefused { address },
        io::ErrorKind::TimedOut => ConnectError::Timeout { address },
        _ => ConnectError::Unreachable { address, source },
    }
}

async fn resolve(address: &ServerAddress) -> Result<Vec<SocketAddr>, ConnectError> {
    let failed = |reason: String| ConnectError::Resolve {
        address: address.clone(),
        reason,
    };
    let lookup = tokio::net::lookup_host((address.host.as_str(), address.port));
    let found = timeout(CONNECT_TIMEOUT, lookup)
        .await
        .map_err(|_| failed(strings::errors::NO_NAME_SERVICE.to_owned()))?
        .map_err(|error| failed(describe(&error)))?;
    Ok(found.collect())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use socket2::{Domain, Socket, Type};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// A listener whose queue is full, so that the system drops further attempts in silence.
    struct Silent {
        address: SocketAddr,
        _sockets: Vec<Socket>,
    }

    impl Silent {
        fn new() -> Self {
            let socket = || Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            let listener = socket();
            let any = SocketAddr::from(([127, 0, 0, 1], 0));
            listener.bind(&any.into()).unwrap();
            listener.listen(0).unwrap();
            let address = listener.local_addr().unwrap();
            let mut sockets = vec![listener];
            // Linux queues one more than it was asked to.
            for _ in 0..2 {
                let client = socket();
                client.set_nonblocking(true).unwrap();
                // The connection is made in the background, or is the one that waits in vain.
                let _ = client.connect(&address);
                sockets.push(client);
            }
            let address = address.as_socket().unwrap();
            Self {
                address,
                _sockets: sockets,
            }
        }
    }

    #[tokio::test]
    async fn a_server_behind_many_silent_addresses_is_reached() {
        let address: ServerAddress = "chat.example:7322".parse().unwrap();
        let (device, server) = (Identity::generate().unwrap(), Identity::generate().unwrap());
        let connector = Connector::new(&device, server.fingerprint()).unwrap();
        let silent: Vec<_> = (0..8).map(|_| Silent::new()).collect();
        // It accepts and never says a word of TLS.
        let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good = listener.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(tls::server_config(&server).unwrap()));
        let accepted = tokio::spawn(async move {
            let (tcp, _) = listener.accept().await.unwrap();
            acceptor.accept(tcp).await.unwrap()
        });
        let mut sockets: Vec<_> = silent.iter().map(|silent| silent.address).collect();
        sockets.extend([mute.local_addr().unwrap(), good]);
        let (reached, _stream) = connector.reach(&address, &sockets).await.unwrap();
        assert_eq!(reached, good);
        accepted.await.unwrap();
    }

    #[tokio::test]
    async fn the_most_telling_failure_of_all_addresses_is_reported() {
        let address: ServerAddress = "chat.example:7322".parse().unwrap();
        let device = Identity::generate().unwrap();
        let connector = Connector::new(&device, Fingerprint([1; 32])).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let refusing = free.local_addr().unwrap();
        drop(free);
        // Broadcast addresses are not reachable by TCP.
        let unreachable = ([255, 255, 255, 255], 7322).into();
        let failed = connector.reach(&address, &[refusing, unreachable]).await;
        let error = failed.unwrap_err();
        assert!(
            matches!(error, ConnectError::ConnectionRefused { .. }),
            "{error}"
        );
        let error = connector.reach(&address, &[]).await.unwrap_err();
        assert!(matches!(error, ConnectError::Resolve { .. }), "{error}");
    }
}

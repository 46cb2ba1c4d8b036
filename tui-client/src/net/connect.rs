//! One attempt to open a session: resolve, connect, TLS, hello. Its caller decides about another
//! attempt.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use recado_shared::client;
use recado_shared::device::DEVICE_NAME_EXTENSION;
use recado_shared::limits::MAX_DEVICE_NAME_CHARS;
use recado_shared::tls::{self, Identity};
use recado_shared::{DeviceName, Extension, Fingerprint, Hello, ServerAddress};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;

use super::error::ConnectError;
use super::session::Session;
use super::socket;

const SOFTWARE: &str = concat!("recado ", env!("CARGO_PKG_VERSION"));

/// Bound of one network address.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Most network addresses of one host that are tried.
const MAX_ADDRESSES: usize = 6;

/// Bound of TLS and hello together. The server may wait for its disk.
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
            .map_err(|error| ConnectError::Key(error.to_string()))?;
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
        let tcp = reach(address).await?;
        let open = async {
            let connector = TlsConnector::from(Arc::clone(&self.tls));
            let stream = connector.connect(tls::server_name(), tcp).await;
            let stream = stream.map_err(|error| self.tls_error(address, &error))?;
            Session::open(address, stream, hello).await
        };
        timeout(HANDSHAKE_TIMEOUT, open)
            .await
            .unwrap_or_else(|_| Err(silent(address)))
    }

    fn tls_error(&self, address: &ServerAddress, error: &io::Error) -> ConnectError {
        let (address, reason) = (address.clone(), error.to_string());
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

async fn reach(address: &ServerAddress) -> Result<TcpStream, ConnectError> {
    let mut failure = None;
    for socket in resolve(address).await? {
        match timeout(CONNECT_TIMEOUT, TcpStream::connect(socket)).await {
            Ok(Ok(tcp)) => {
                socket::prepare(&tcp);
                return Ok(tcp);
            }
            Ok(Err(error)) => failure = Some(unreachable(address, error)),
            // Another address that fails at once says more than one that is silent.
            Err(_) => failure = failure.or_else(|| Some(silent(address))),
        }
    }
    Err(failure.unwrap_or_else(|| ConnectError::Resolve {
        address: address.clone(),
        reason: "it has no network address".to_owned(),
    }))
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
        .map_err(|_| failed("the name service does not answer".to_owned()))?
        .map_err(|error| failed(error.to_string()))?;
    Ok(found.take(MAX_ADDRESSES).collect())
}

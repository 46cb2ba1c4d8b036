//! From an address to an open session: resolve, connect, TLS, greet. One attempt; whoever calls
//! decides about another one.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use recado_shared::device::{DEVICE_NAME_EXTENSION, LINK_EXTENSION};
use recado_shared::limits::MAX_DEVICE_NAME_CHARS;
use recado_shared::tls::{self, Identity};
use recado_shared::{
    DeviceName, Extension, Fingerprint, Hello, InviteToken, ProtocolVersion, ServerAddress,
    SyncPoint,
};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::error::ConnectError;
use super::session::Session;
use super::socket;

/// How long one network address may take to answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Most network addresses of one host that are tried.
const MAX_ADDRESSES: usize = 6;

/// How long TLS and the greeting may take together. The server may wait for its disk.
const GREETING_TIMEOUT: Duration = Duration::from_secs(10);

/// What a client says of itself when a session begins.
#[derive(Clone, Debug)]
pub struct Greeting {
    /// Name and version of the program.
    pub software: String,
    /// The name to claim or resume; `None` resumes whatever name the key has.
    pub name: Option<String>,
    /// What admits a device that the server does not know.
    pub token: Option<InviteToken>,
    /// Which heads the client has.
    pub since: Option<SyncPoint>,
    /// What the device would like to be called; the name of the machine unless said otherwise.
    pub device: Option<DeviceName>,
    /// Whether the device asks to be linked to a user who exists.
    pub is_link: bool,
}

impl Default for Greeting {
    fn default() -> Self {
        Self {
            software: concat!("recado ", env!("CARGO_PKG_VERSION")).to_owned(),
            name: None,
            token: None,
            since: None,
            device: machine_name(),
            is_link: false,
        }
    }
}

impl Greeting {
    fn extensions(&self) -> Vec<Extension> {
        let name = self.device.as_ref().map(|name| Extension {
            kind: DEVICE_NAME_EXTENSION,
            value: name.as_str().as_bytes().to_vec(),
        });
        let link = self.is_link.then_some(Extension {
            kind: LINK_EXTENSION,
            value: Vec::new(),
        });
        name.into_iter().chain(link).collect()
    }
}

/// What this machine is called, without its domain.
fn machine_name() -> Option<DeviceName> {
    let system = rustix::system::uname();
    let name = system.nodename().to_str().ok()?;
    let name = name.split('.').next().unwrap_or(name);
    let name: String = name.chars().take(MAX_DEVICE_NAME_CHARS).collect();
    DeviceName::new(&name).ok()
}

/// Makes sessions with one server key and one device key.
#[derive(Clone)]
pub struct Connector {
    tls: TlsConnector,
    pin: Fingerprint,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector")
            .field("pin", &self.pin)
            .finish_non_exhaustive()
    }
}

impl Connector {
    /// A connector for the device `identity` and only the server with the fingerprint `pin`.
    ///
    /// # Errors
    /// [`ConnectError::Key`] if the TLS library refuses the key.
    pub fn new(identity: &Identity, pin: Fingerprint) -> Result<Self, ConnectError> {
        let config = tls::client_config(identity, pin)
            .map_err(|error| ConnectError::Key(error.to_string()))?;
        Ok(Self {
            tls: TlsConnector::from(Arc::new(config)),
            pin,
        })
    }

    /// Opens a session at `address`.
    ///
    /// # Errors
    /// [`ConnectError`] says what is in the way and what to do.
    pub async fn open(
        &self,
        address: &ServerAddress,
        greeting: Greeting,
    ) -> Result<Session, ConnectError> {
        let tcp = reach(address).await?;
        let extensions = greeting.extensions();
        let hello = Hello {
            oldest: ProtocolVersion::OLDEST,
            newest: ProtocolVersion::NEWEST,
            software: greeting.software,
            name: greeting.name,
            token: greeting.token,
            since: greeting.since,
            extensions,
        };
        let greet = async {
            let tls = self.secure(address, tcp).await?;
            Session::greet(address, tls, hello).await
        };
        timeout(GREETING_TIMEOUT, greet)
            .await
            .unwrap_or_else(|_| Err(silent(address)))
    }

    async fn secure(
        &self,
        address: &ServerAddress,
        tcp: TcpStream,
    ) -> Result<TlsStream<TcpStream>, ConnectError> {
        let address = address.clone();
        self.tls
            .connect(tls::server_name(), tcp)
            .await
            .map_err(|error| match tls::pin_mismatch(&error) {
                Some(mismatch) => ConnectError::WrongKey {
                    address,
                    seen: mismatch.seen,
                    pinned: self.pin,
                },
                None if error.kind() == io::ErrorKind::InvalidData => ConnectError::NotRecado {
                    address,
                    reason: error.to_string(),
                },
                None => ConnectError::Broken {
                    address,
                    reason: error.to_string(),
                },
            })
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
        io::ErrorKind::ConnectionRefused => ConnectError::NobodyListens { address },
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

//! The one link of an identity to its server: its configuration, and sessions that are opened one
//! after another with waits between them.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use recado_shared::tls::Identity;
use recado_shared::{
    Epoch, Fingerprint, Hello, Invite, InviteToken, ServerAddress, SyncPoint, UserName,
};
use tokio::time::Instant;

use super::backoff::Backoff;
use super::connect::{Connector, hello};
use super::error::ConnectError;
use super::session::Session;

/// Finds the ticket of a server that may move, such as the local one on a port of its own choice.
/// Called before each attempt; `None` keeps the address that is known.
pub type Locate = Arc<dyn Fn() -> Option<Invite> + Send + Sync>;

/// The network address that worked last, of a host with several. It outlives the program.
#[derive(Clone, Default)]
pub struct LastReached {
    pub address: Option<SocketAddr>,
    /// Called with another address when that one worked.
    pub save: Option<Arc<dyn Fn(SocketAddr) + Send + Sync>>,
}

impl fmt::Debug for LastReached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LastReached").field(&self.address).finish()
    }
}

/// Callback for the result of each login: the name of the user, or the reason of a refusal that is final
/// for the device.
pub type ReportLogin = Arc<dyn Fn(Result<&UserName, &str>) + Send + Sync>;

/// What a client has of a server's data, for the next `Hello`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownState {
    /// The last complete set of heads.
    pub since: Option<SyncPoint>,
    /// The history that its entries are of, oldest first; empty before the first session with a
    /// server that tells it.
    pub epochs: Vec<Epoch>,
}

/// The server to reach, and the identity to use there.
#[derive(Clone)]
pub struct NetConfig {
    pub address: ServerAddress,
    /// The only key that the server may have.
    pub fingerprint: Fingerprint,
    pub identity: Arc<Identity>,
    /// The name to claim or resume; `None` resumes whatever name the key has.
    pub name: Option<String>,
    /// Sent until the first `Welcome`.
    pub token: Option<InviteToken>,
    /// What the app has from an earlier session.
    pub known: KnownState,
    pub locate: Option<Locate>,
    pub last_reached: LastReached,
    pub report: Option<ReportLogin>,
}

impl NetConfig {
    /// A configuration that claims a name on the server of an invite, or with none asks for admission.
    pub(crate) fn of_invite(invite: &Invite, identity: Arc<Identity>, name: Option<&str>) -> Self {
        Self {
            address: invite.address.clone(),
            fingerprint: invite.fingerprint,
            identity,
            name: name.map(str::to_owned),
            token: invite.token.clone(),
            known: KnownState::default(),
            locate: None,
            last_reached: LastReached::default(),
            report: None,
        }
    }
}

impl fmt::Debug for NetConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetConfig")
            .field("address", &self.address)
            .field("fingerprint", &self.fingerprint)
            .field("identity", &self.identity)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Opens sessions with one server, one after another, and knows how long to wait between them.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) config: NetConfig,
    connector: Connector,
    backoff: Backoff,
    /// Whether there was a `Welcome`: the token has done its work and is not shown again.
    is_admitted: bool,
    /// When the last session began, until its length is noted.
    opened: Option<Instant>,
}

impl Link {
    pub(crate) fn new(config: NetConfig) -> Result<Self, ConnectError> {
        Ok(Self {
            connector: Connector::new(&config.identity, config.fingerprint)?,
            config,
            backoff: Backoff::default(),
            is_admitted: false,
            opened: None,
        })
    }

    /// Makes one attempt, at the present place of a server that may move.
    pub(crate) async fn connect(&mut self) -> Result<Session, ConnectError> {
        if let Some(ticket) = self.config.locate.as_ref().and_then(|locate| locate()) {
            self.config.address = ticket.address;
            self.config.token = ticket.token;
        }
        let hello = Hello {
            name: self.config.name.clone(),
            token: self.config.token.clone().filter(|_| !self.is_admitted),
            since: self.config.known.since,
            ..hello()
        };
        let hello = hello.with_epochs(&self.config.known.epochs);
        let (address, preferred) = (&self.config.address, self.config.last_reached.address);
        let opening = self.connector.open_preferring(address, preferred, hello);
        let opened = opening.await.inspect_err(|error| {
            if error.is_denial() {
                self.report(Err(&error.summary()));
            }
        });
        if let Err(ConnectError::Timeout { .. } | ConnectError::Broken { .. }) = opened {
            // It may answer TLS and no hello. The next attempt goes by the order of the resolver.
            self.config.last_reached.address = None;
        }
        let (session, reached) = opened?;
        self.note_reached(reached);
        self.report(Ok(&session.welcome().name));
        self.is_admitted = true;
        self.opened = Some(Instant::now());
        Ok(session)
    }

    pub(crate) fn report(&self, login: Result<&UserName, &str>) {
        if let Some(report) = &self.config.report {
            report(login);
        }
    }

    /// Keeps the address that worked, if it is another one than the last time.
    fn note_reached(&mut self, reached: Option<SocketAddr>) {
        let last = &mut self.config.last_reached;
        if let Some(reached) = reached.filter(|reached| last.address != Some(*reached)) {
            last.address = Some(reached);
            if let Some(save) = &last.save {
                save(reached);
            }
        }
    }

    /// Notes the length of the last session. Called when it ends, so that idle time does not count.
    pub(crate) fn session_ended(&mut self) {
        if let Some(opened) = self.opened.take() {
            self.backoff.session_ended(opened.elapsed());
        }
    }

    /// Returns the wait before the next attempt, which grows with each call and starts again after a
    /// session of 5 s.
    pub(crate) fn next_wait(&mut self) -> Duration {
        self.session_ended();
        self.backoff.next(fastrand::f64())
    }
}

#[cfg(test)]
mod tests {
    use recado_shared::tls;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    #[tokio::test]
    async fn a_network_address_that_answers_no_hello_is_not_preferred_again() {
        let (device, server) = (Identity::generate().unwrap(), Identity::generate().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let reached = listener.local_addr().unwrap();
        let invite = Invite {
            address: reached.to_string().parse().unwrap(),
            fingerprint: server.fingerprint(),
            token: None,
        };
        let acceptor = TlsAcceptor::from(Arc::new(tls::server_config(&server).unwrap()));
        let closing = tokio::spawn(async move {
            let (tcp, _) = listener.accept().await.unwrap();
            drop(acceptor.accept(tcp).await.unwrap());
        });
        let mut config = NetConfig::of_invite(&invite, Arc::new(device), None);
        config.last_reached.address = Some(reached);
        let mut link = Link::new(config).unwrap();
        let error = link.connect().await.unwrap_err();
        assert!(matches!(error, ConnectError::Broken { .. }), "{error}");
        closing.await.unwrap();
        assert_eq!(link.config.last_reached.address, None);
        // A closed port says nothing about the address.
        link.config.last_reached.address = Some(reached);
        let error = link.connect().await.unwrap_err();
        assert!(
            matches!(error, ConnectError::ConnectionRefused { .. }),
            "{error}"
        );
        assert_eq!(link.config.last_reached.address, Some(reached));
    }
}

//! Connection of verbs and bots: the selected identity, and sessions that are opened again.

use std::time::{SystemTime, UNIX_EPOCH};

use recado_shared::{
    Activity, ClientFrame, DeviceKey, Fingerprint, Hello, ServerAddress, SyncPoint, Timestamp,
};
use tokio::time::{Instant, sleep};

use crate::exit::{Exit, Failure};
use crate::identity::{Choice, Identity, IdentitySelector, register, select};
use crate::net::backoff::Backoff;
use crate::net::session::Session;
use crate::net::{self, ConnectError, Connector, NetConfig};
use crate::paths::Paths;

/// Opens sessions with the server of one identity. Takes no lock, so that it works while the
/// full screen is open.
pub(crate) struct Link {
    config: NetConfig,
    connector: Connector,
    backoff: Backoff,
    opened: Option<Instant>,
}

impl Link {
    /// The link of the identity that is meant.
    pub(crate) async fn of(paths: &Paths, selector: &IdentitySelector) -> Result<Self, Failure> {
        let identity = match select(paths, selector)? {
            Choice::Known(identity) => identity,
            Choice::Local {
                ticket,
                name: Some(name),
            } => register(paths, &ticket, &name, true).await?,
            Choice::Local { name: None, .. } => {
                let text = "You have no name on the server of this machine yet. Give one with --as \
                            NAME, or run 'recado NAME' first.";
                return Err(Failure::new(Exit::Usage, text));
            }
        };
        Self::with(paths, &identity)
    }

    /// The link of this identity.
    pub(crate) fn with(paths: &Paths, identity: &Identity) -> Result<Self, Failure> {
        let config = identity.net_config(paths);
        let connector = Connector::new(&config.identity, config.fingerprint)?;
        Ok(Self {
            config,
            connector,
            backoff: Backoff::default(),
            opened: None,
        })
    }

    /// Makes one attempt. The session reports the user as away: a verb is not a user.
    pub(crate) async fn open(&mut self, since: Option<SyncPoint>) -> Result<Session, ConnectError> {
        if let Some(located) = self.config.locate.as_ref().and_then(|locate| locate()) {
            self.config.address = located.address;
            self.config.token = located.token;
        }
        let hello = Hello {
            name: self.config.name.clone(),
            token: self.config.token.clone(),
            since,
            ..net::hello()
        };
        let opening = self.connector.open(&self.config.address, hello);
        let mut session = opening.await?;
        self.opened = Some(Instant::now());
        // A link that broke by now shows with the next frame.
        let _ = session.queue(&ClientFrame::Activity(Activity::Away));
        Ok(session)
    }

    /// The key of this device.
    pub(crate) fn device(&self) -> DeviceKey {
        self.config.identity.key()
    }

    /// Where the server is, and its key.
    pub(crate) fn server(&self) -> (ServerAddress, Fingerprint) {
        (self.config.address.clone(), self.config.fingerprint)
    }

    /// Waits as long as it should before the next attempt.
    pub(crate) async fn pause(&mut self) {
        if let Some(opened) = self.opened.take() {
            self.backoff.session_ended(opened.elapsed());
        }
        sleep(self.backoff.next(fastrand::f64())).await;
    }
}

pub(crate) fn wall_time() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since_epoch.map_or(0, |time| time.as_millis());
    Timestamp(u64::try_from(millis).unwrap_or(u64::MAX))
}

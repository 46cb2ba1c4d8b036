//! Handle of the network task: events out, frames in, through bounded channels.

pub mod backoff;
mod connect;
mod error;
pub mod session;
mod socket;
mod task;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use recado_shared::tls::Identity;
use recado_shared::{
    ClientFrame, CloseReason, Fingerprint, InviteToken, Refusal, ServerAddress, ServerFrame,
    SyncPoint, Welcome,
};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub use connect::{Connector, hello};
pub use error::{ConnectError, SessionError};

/// Events that may wait for the app. The task then stops reading, so the server notices.
const MAX_QUEUED_EVENTS: usize = 256;

/// Frames that may wait for the network. One more ends the session, see [`NetHandle::send`].
const MAX_QUEUED_FRAMES: usize = 1024;

const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);

/// Events from the network task to the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetEvent {
    Connecting,
    /// A session is open. Frames follow.
    Welcomed(Welcome),
    /// A frame other than ping and pong.
    Frame(ServerFrame),
    /// How long a ping took.
    RoundTrip(Duration),
    /// The link is down or could not be made; the next attempt follows after `retry_in`.
    Offline {
        /// The reason in a few words.
        why: String,
        /// Until the next attempt.
        retry_in: Duration,
    },
    /// The server refused the session. Temporary refusals arrive as `Offline`; after this one
    /// there is no further attempt until the app asks for it.
    Refused(Refusal),
    /// The server revoked the access of this device. No further attempt until the app asks for it.
    AccessRevoked(CloseReason),
    /// The server's key is not the pinned one. No further attempt.
    WrongKey {
        /// The fingerprint it showed.
        seen: Fingerprint,
        /// The fingerprint that was pinned.
        pinned: Fingerprint,
    },
}

/// The present place of a server that may move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    pub address: ServerAddress,
    /// The token of its ticket.
    pub token: Option<InviteToken>,
}

/// Finds a server that may move, such as the local one on a port of its own choice. Asked
/// before each attempt; `None` keeps the address that is known.
pub type Locate = Arc<dyn Fn() -> Option<Located> + Send + Sync>;

/// The server to reach, and the identity to use there.
#[derive(Clone)]
pub struct NetConfig {
    /// Where the server is.
    pub address: ServerAddress,
    /// The only key it may have.
    pub fingerprint: Fingerprint,
    pub identity: Arc<Identity>,
    /// The name to claim or resume; `None` resumes whatever name the key has.
    pub name: Option<String>,
    /// Sent until the first `Welcome`.
    pub token: Option<InviteToken>,
    /// The heads that the app has from an earlier session.
    pub since: Option<SyncPoint>,
    /// Set for a server that may move.
    pub locate: Option<Locate>,
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

/// Hands frames to the network task. The task ends when it is dropped.
#[derive(Debug)]
pub struct NetHandle {
    frames: mpsc::Sender<ClientFrame>,
    reconnect: Arc<Notify>,
    check: Arc<Notify>,
    overflow: Arc<Notify>,
    task: JoinHandle<()>,
}

/// Starts the network task, which connects at once.
///
/// # Errors
/// [`ConnectError::Key`] if the device's key cannot be used.
pub fn spawn(config: NetConfig) -> Result<(NetHandle, mpsc::Receiver<NetEvent>), ConnectError> {
    let connector = Connector::new(&config.identity, config.fingerprint)?;
    let (events, receiver) = mpsc::channel(MAX_QUEUED_EVENTS);
    let (frames, queue) = mpsc::channel(MAX_QUEUED_FRAMES);
    let (reconnect, check, overflow) = <(Arc<Notify>, Arc<Notify>, Arc<Notify>)>::default();
    let task = task::Task {
        config,
        connector,
        events,
        frames: queue,
        reconnect: Arc::clone(&reconnect),
        check: Arc::clone(&check),
        overflow: Arc::clone(&overflow),
        backoff: backoff::Backoff::default(),
        is_admitted: false,
    };
    let handle = NetHandle {
        frames,
        reconnect,
        check,
        overflow,
        task: tokio::spawn(task.run()),
    };
    Ok((handle, receiver))
}

impl NetHandle {
    /// Sends a frame in the open session. Without one it is dropped: whatever must arrive is
    /// repeated after the next `Welcome`. If 1,024 frames wait, the session is ended and that is
    /// reported as [`NetEvent::Offline`], so that this frame is repeated likewise.
    pub fn send(&self, frame: ClientFrame) {
        match self.frames.try_send(frame) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => self.overflow.notify_one(),
            Err(TrySendError::Closed(_)) => tracing::error!("the network task is gone"),
        }
    }

    /// Connects now rather than at the end of the wait. Does nothing while a session is open.
    pub fn reconnect(&self) {
        self.reconnect.notify_one();
    }

    /// Pings the server. If it does not react within seconds, the link is given up, which is
    /// reported as [`NetEvent::Offline`]. Does nothing while no session is open.
    pub fn check(&self) {
        self.check.notify_one();
    }

    /// Sends what is queued, leaves, and waits for that, at most two seconds.
    pub async fn leave(self) {
        drop(self.frames);
        let mut task = self.task;
        if timeout(LEAVE_TIMEOUT, &mut task).await.is_err() {
            task.abort();
        }
    }
}

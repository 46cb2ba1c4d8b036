//! Handle of the network task: events out, frames in, through bounded channels.

mod backoff;
mod connect;
mod error;
mod link;
mod race;
pub mod session;
mod socket;
mod task;

use std::sync::Arc;
use std::time::Duration;

use recado_shared::{ClientFrame, CloseReason, Fingerprint, Refusal, ServerFrame, Welcome};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub use connect::{Connector, hello};
pub use error::{ConnectError, SessionError};
pub(crate) use link::Link;
pub use link::{KnownState, LastReached, Locate, NetConfig, ReportLogin};
pub use session::Session;

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
        /// In a few words.
        reason: String,
        retry_in: Duration,
    },
    /// A refusal that is not temporary. No further attempt until the app asks for it.
    Refused(Refusal),
    /// The server revoked the access of this device. No further attempt until the app asks for it.
    AccessRevoked(CloseReason),
    /// The server's key is not the pinned one. No further attempt.
    WrongKey {
        seen: Fingerprint,
        pinned: Fingerprint,
    },
}

impl NetEvent {
    /// The reason, if the server no longer admits this device as any user.
    pub(crate) fn denial(&self) -> Option<String> {
        match self {
            Self::Refused(refusal) if error::is_denial(refusal) => Some(refusal.to_string()),
            Self::AccessRevoked(reason) => Some(reason.to_string()),
            _ => None,
        }
    }
}

/// Hands frames to the network task. The task ends when it is dropped.
#[derive(Debug)]
pub struct NetHandle {
    frames: mpsc::Sender<ClientFrame>,
    signals: Arc<task::Signals>,
    task: JoinHandle<()>,
}

/// Starts the network task, which connects at once.
///
/// # Errors
/// [`ConnectError::Key`] if the device's key cannot be used.
pub fn spawn(config: NetConfig) -> Result<(NetHandle, mpsc::Receiver<NetEvent>), ConnectError> {
    let link = Link::new(config)?;
    let (events, receiver) = mpsc::channel(MAX_QUEUED_EVENTS);
    let (frames, queue) = mpsc::channel(MAX_QUEUED_FRAMES);
    let signals = Arc::<task::Signals>::default();
    let task = task::Task {
        link,
        events,
        frames: queue,
        signals: Arc::clone(&signals),
        logged_reason: None,
        epochs: Vec::new(),
    };
    let handle = NetHandle {
        frames,
        signals,
        task: tokio::spawn(task.run()),
    };
    Ok((handle, receiver))
}

impl NetHandle {
    /// Sends a frame in the open session. Without one it is dropped: whatever must arrive is
    /// repeated after the next `Welcome`. If 1,024 frames wait, the session ends with
    /// [`NetEvent::Offline`], so that this frame is repeated too.
    pub fn send(&self, frame: ClientFrame) {
        match self.frames.try_send(frame) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => self.signals.overflow.notify_one(),
            Err(TrySendError::Closed(_)) => tracing::error!("the network task is gone"),
        }
    }

    /// Connects now rather than at the end of the wait. Does nothing while a session is open.
    pub fn reconnect(&self) {
        self.signals.reconnect.notify_one();
    }

    /// Pings the server, and gives the link up if it does not react within seconds. Does nothing
    /// while no session is open.
    pub fn check(&self) {
        self.signals.check.notify_one();
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

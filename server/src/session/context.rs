//! Values that the listener gives to each session, and the events that each session gives to the
//! driver.

use std::sync::Arc;

use recado_shared::{ClientFrame, Hello};
use tokio::sync::{Semaphore, mpsc};

use super::outbox::Outbox;
use crate::config::Limits;
use crate::id::SessionId;
use crate::relay::Peer;

/// Hellos that wait for the driver at a time. The others wait before its queue, so that thousands of
/// clients that reconnect at once do not delay the open sessions.
const MAX_PENDING_HELLOS: usize = 32;

/// Disconnects that are reported to the driver at a time. The others wait, so that thousands of lost
/// connections do not delay the open sessions.
const MAX_PENDING_DISCONNECTS: usize = 8;

/// Most frames that a session passes to the driver in one event.
pub const MAX_FRAMES_TOGETHER: usize = 64;

/// An event of a session for the driver. The channel is bounded: a session waits for capacity and
/// reads nothing meanwhile.
#[derive(Debug)]
pub enum SessionEvent {
    Hello {
        session: SessionId,
        peer: Peer,
        hello: Hello,
        /// Takes the frames for this session. Dropping it ends the session.
        outbox: Outbox,
    },
    /// Frames that the agreed version allows, in order: at most [`MAX_FRAMES_TOGETHER`].
    Frames {
        session: SessionId,
        frames: Vec<ClientFrame>,
    },
    /// Everything up to [`AfterWrite::CaughtUp`](super::AfterWrite::CaughtUp) is written.
    CaughtUp(SessionId),
    /// The connection is closed or lost.
    Closed(SessionId),
}

/// Bounds on what sessions that start or end ask of the driver, shared by all sessions of a server.
#[derive(Debug)]
pub struct AdmissionLimits {
    /// `MAX_PENDING_HELLOS` permits, each held while a hello waits for its answer.
    pub hellos: Semaphore,
    /// `MAX_PENDING_DISCONNECTS` permits, each held while a lost connection is reported.
    pub disconnects: Semaphore,
}

impl Default for AdmissionLimits {
    fn default() -> Self {
        Self {
            hellos: Semaphore::new(MAX_PENDING_HELLOS),
            disconnects: Semaphore::new(MAX_PENDING_DISCONNECTS),
        }
    }
}

/// Identity, limits and the way to the driver of one session.
#[derive(Clone, Debug)]
pub struct SessionContext {
    pub id: SessionId,
    pub peer: Peer,
    pub events: mpsc::Sender<SessionEvent>,
    pub admission: Arc<AdmissionLimits>,
    pub limits: Arc<Limits>,
}

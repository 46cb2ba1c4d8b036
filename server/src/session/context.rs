//! Values that the listener gives to each session, the events that each session gives to the driver, and
//! their sender.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use recado_shared::{ClientFrame, Hello};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, mpsc};

use super::outbox::Outbox;
use super::throttle::UserRates;
use crate::address;
use crate::config::Limits;
use crate::connection_log::{ConnectionLog, Kind, Source};
use crate::id::SessionId;
use crate::relay::Peer;

/// Hellos that wait for the driver at a time, so that a burst of them does not delay open sessions.
const MAX_PENDING_HELLOS: usize = 32;

/// Disconnects that are reported at a time, so that a burst of them does not delay open sessions.
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
    /// A page of heads is written.
    HeadsWritten(SessionId),
    /// The connection is closed or lost.
    Closed(SessionId),
}

/// Bounds that all sessions of a server share: on what those that start or end ask of the driver and write to
/// the log, and on the rates of users.
#[derive(Debug)]
pub struct AdmissionLimits {
    /// `MAX_PENDING_HELLOS` permits, each held while a hello waits for its answer.
    pub hellos: Semaphore,
    /// `MAX_PENDING_DISCONNECTS` permits, each held while a lost connection is reported.
    pub disconnects: Semaphore,
    pub rates: UserRates,
    pub log: ConnectionLog,
}

impl Default for AdmissionLimits {
    fn default() -> Self {
        Self {
            hellos: Semaphore::new(MAX_PENDING_HELLOS),
            disconnects: Semaphore::new(MAX_PENDING_DISCONNECTS),
            rates: UserRates::default(),
            log: ConnectionLog::default(),
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

impl SessionContext {
    /// Counts an event before the session. Returns whether it is logged.
    pub(super) fn is_logged(&self, kind: Kind) -> bool {
        let network = address::network(self.peer.address);
        self.admission.log.count(Source::Network(network), kind)
    }
}

/// Sender of a session's events. It allocates nothing until the driver's queue is full.
///
/// `tokio_util::sync::PollSender` would hold a boxed future for each session at all times, set it up anew for
/// each event, and reserve a slot of the queue before a session knows that it has an event.
pub(super) struct DriverSender {
    events: mpsc::Sender<SessionEvent>,
    /// Sends the event that waits for capacity. Says whether the driver took it.
    waiting: Option<BoxFuture<'static, bool>>,
    /// The driver takes no more events.
    pub(super) is_closed: bool,
}

impl DriverSender {
    pub(super) fn new(events: mpsc::Sender<SessionEvent>) -> Self {
        Self {
            events,
            waiting: None,
            is_closed: false,
        }
    }

    /// Waits until the last event is in the queue. Only then the next may be sent.
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(waiting) = &mut self.waiting {
            self.is_closed = !ready!(waiting.poll_unpin(cx));
            self.waiting = None;
        }
        Poll::Ready(())
    }

    /// Sends an event, at once or when there is capacity, for which the session is woken.
    pub(super) fn send(&mut self, event: SessionEvent, cx: &mut Context<'_>) {
        match self.events.try_send(event) {
            Ok(()) => {}
            Err(TrySendError::Closed(_)) => self.is_closed = true,
            Err(TrySendError::Full(event)) => {
                let events = self.events.clone();
                self.waiting = Some(async move { events.send(event).await.is_ok() }.boxed());
                // The future joins the queue of waiting senders only when it is polled.
                let _ = self.poll_ready(cx);
            }
        }
    }
}

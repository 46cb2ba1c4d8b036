//! The way from a session to the driver, which may have no room.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::SessionEvent;

type Sending = Pin<Box<dyn Future<Output = bool> + Send>>;

/// Tells the driver one event after the other.
pub(super) struct DriverLink {
    events: mpsc::Sender<SessionEvent>,
    /// The event that waits for room.
    waiting: Option<Sending>,
    has_ended: bool,
}

impl DriverLink {
    pub(super) fn new(events: mpsc::Sender<SessionEvent>) -> Self {
        Self {
            events,
            waiting: None,
            has_ended: false,
        }
    }

    /// Whether the driver takes nothing any more.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Waits until the last event has found room. Only then is there room for the next.
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(waiting) = &mut self.waiting {
            let Poll::Ready(is_taken) = waiting.as_mut().poll(cx) else {
                return Poll::Pending;
            };
            self.has_ended = !is_taken;
            self.waiting = None;
        }
        Poll::Ready(())
    }

    /// Tells it, at once or as soon as there is room, of which the session then hears.
    pub(super) fn tell(&mut self, event: SessionEvent, cx: &mut Context<'_>) {
        match self.events.try_send(event) {
            Ok(()) => {}
            Err(TrySendError::Closed(_)) => self.has_ended = true,
            Err(TrySendError::Full(event)) => {
                let events = self.events.clone();
                self.waiting = Some(Box::pin(async move { events.send(event).await.is_ok() }));
                // It begins to wait for room only once it is polled.
                let _ = self.poll_ready(cx);
            }
        }
    }
}

impl fmt::Debug for DriverLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DriverLink")
            .field("is_waiting", &self.waiting.is_some())
            .field("has_ended", &self.has_ended)
            .finish_non_exhaustive()
    }
}

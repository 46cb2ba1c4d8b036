//! A session's sender to the driver. It allocates nothing until the driver's queue is full.
//!
//! `tokio_util::sync::PollSender` would hold a boxed future for each session at all times, set it up
//! anew for each event, and reserve a slot of the queue before a session knows that it has an event.

use std::task::{Context, Poll, ready};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::context::SessionEvent;

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

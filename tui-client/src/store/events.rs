//! Answers and reports of the store, as its owner receives them.

use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, watch};

use super::request::{StoreEvent, Stored};

/// Most answers that wait to be received, one of them reserved for a failure.
pub(super) const MAX_QUEUED_EVENTS: usize = 257;

/// Receives the events of one store. Reports of stored entries add up until they are received.
#[derive(Debug)]
pub struct StoreEvents {
    answers: mpsc::Receiver<StoreEvent>,
    stored: watch::Receiver<Stored>,
    /// How many entries of `stored` were received.
    received: usize,
}

/// The sending sides of a [`StoreEvents`]: for answers, and the sum of all stored entries with the last size.
pub(super) fn channel() -> (mpsc::Sender<StoreEvent>, watch::Sender<Stored>, StoreEvents) {
    let (sender, answers) = mpsc::channel(MAX_QUEUED_EVENTS);
    let (sum, stored) = watch::channel(Stored::default());
    let events = StoreEvents {
        answers,
        stored,
        received: 0,
    };
    (sender, sum, events)
}

impl StoreEvents {
    /// Waits for the next event; `None` after the handle is gone. Cancelling it loses nothing.
    pub async fn recv(&mut self) -> Option<StoreEvent> {
        tokio::select! {
            biased;
            answer = self.answers.recv() => answer,
            Ok(()) = self.stored.changed() => {
                let Stored { entries: sum, bytes } = *self.stored.borrow_and_update();
                let entries = sum.wrapping_sub(std::mem::replace(&mut self.received, sum));
                Some(StoreEvent::Stored(Stored { entries, bytes }))
            }
        }
    }

    /// Waits for the next answer or failure, outside of a runtime.
    pub fn blocking_recv(&mut self) -> Option<StoreEvent> {
        self.answers.blocking_recv()
    }

    /// An answer or failure that is there already.
    ///
    /// # Errors
    /// If there is none.
    pub fn try_recv(&mut self) -> Result<StoreEvent, TryRecvError> {
        self.answers.try_recv()
    }
}

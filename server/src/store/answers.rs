//! Channel for answers and failures from the threads of the store to its handle.

use tokio::sync::mpsc;

use crate::store::values::{ReadResult, WriteResult};

/// An answer of the store to its handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreEvent {
    /// A batch is synced to disk; its writes are in the order in which they were queued.
    Written(Vec<WriteResult>),
    Read(ReadResult),
    /// A thread failed with this error. Its open transaction is rolled back, and its requests get no
    /// answer. The server should stop.
    Failed(String),
}

/// Sender of one thread. Sending never waits: the handle limits requests to the room of the
/// channel, and each thread has one place more for its failure.
#[derive(Clone, Debug)]
pub(crate) struct Answers {
    sender: mpsc::Sender<StoreEvent>,
    thread: &'static str,
}

impl Answers {
    pub(crate) fn new(sender: &mpsc::Sender<StoreEvent>, thread: &'static str) -> Self {
        let sender = sender.clone();
        Self { sender, thread }
    }

    pub(crate) fn send(&self, event: StoreEvent) {
        let _ = self.sender.blocking_send(event);
    }

    pub(crate) fn fail(&self, error: &rusqlite::Error) {
        self.send(StoreEvent::Failed(format!("{}: {error}", self.thread)));
    }
}

/// Reports a panic, so that no caller waits for an answer.
impl Drop for Answers {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.send(StoreEvent::Failed(format!("{} panicked", self.thread)));
        }
    }
}

//! Way of answers and failures from the threads of the store to its handle.

use tokio::sync::mpsc;

use crate::store::values::request::{ReadResult, Written};

/// What the store says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreEvent {
    /// A batch of writes is on the disk. In the order in which they were queued.
    Written(Vec<Written>),
    /// A question is answered.
    Read(ReadResult),
    /// The database failed, with this explanation. What was being written is undone and was never
    /// acknowledged; the store answers nothing more of that kind, and the server should stop.
    Failed(String),
}

/// Where answers go. Sending never waits: the handle lets no more requests in than the channel
/// has room for, and each thread has one place more for its last word.
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

    /// Sends an answer; without a receiver there is nobody to tell.
    pub(crate) fn send(&self, event: StoreEvent) {
        let _ = self.sender.blocking_send(event);
    }

    pub(crate) fn fail(&self, error: &rusqlite::Error) {
        self.send(StoreEvent::Failed(format!("{}: {error}", self.thread)));
    }
}

/// A thread that panics says so, so that nobody waits for its answers.
impl Drop for Answers {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.send(StoreEvent::Failed(format!("{} panicked", self.thread)));
        }
    }
}

//! Handle of the local store: a cache of the logs, and the only copy of drafts, outbox and scroll
//! positions.
//!
//! It has channels only. A thread owns the database (`worker`), so that drawing never waits for a
//! disk.

mod apply;
mod damage;
mod engine;
mod entries;
mod entry_kind;
mod error;
mod index;
mod load;
mod outbox;
mod request;
mod schema;
mod search;
mod search_thread;
mod settings;
mod snapshot;
#[cfg(test)]
mod tests;
mod value;
mod wal_residue;
mod worker;

use std::fmt;
use std::path::Path;
use std::sync::mpsc as std_mpsc;
use std::thread::JoinHandle;

use tokio::sync::mpsc;

use damage::OpenedDatabase;
pub use engine::Engine;
pub use error::StoreError;
pub use request::{
    HeldRange, LoadedEntries, Pending, PendingState, SearchHit, SearchQuery, SearchResult,
    Snapshot, StoreEvent, StoreRead, StoreWrite, StoredConversation, StoredMe, StoredPerson,
    StoredSetting,
};
use search_thread::SearchThread;
use worker::{Request, Worker};

/// Most requests that wait for the disk. At the bound the caller waits: nothing is dropped.
const MAX_QUEUED_REQUESTS: usize = 4096;

/// Most answers that wait to be received, one of them reserved for a failure.
const MAX_QUEUED_EVENTS: usize = 257;

#[derive(Debug)]
pub struct Opened {
    pub handle: StoreHandle,
    pub events: mpsc::Receiver<StoreEvent>,
    pub snapshot: Snapshot,
    /// The notice for the user if a damaged database was replaced.
    pub notice: Option<String>,
}

/// Sends requests to the store's thread. Dropping it waits until all of them are on the disk.
pub struct StoreHandle {
    /// Dropped first: the last connection to the database has to be the writer.
    searcher: Option<SearchThread>,
    requests: Option<std_mpsc::SyncSender<Request>>,
    events: mpsc::Sender<StoreEvent>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for StoreHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreHandle")
    }
}

/// Opens or creates the store at `path` and starts its thread. A damaged one is moved aside and
/// replaced; its readable drafts and outbox are kept.
///
/// # Errors
/// [`StoreError`] says why it cannot be used.
pub fn open(path: &Path) -> Result<Opened, StoreError> {
    let OpenedDatabase {
        connection,
        snapshot,
        notice,
    } = damage::open_or_replace(path)?;
    let searcher = SearchThread::start(path)?;
    let (requests, queue) = std_mpsc::sync_channel(MAX_QUEUED_REQUESTS);
    let (events, receiver) = mpsc::channel(MAX_QUEUED_EVENTS);
    let failure = events
        .clone()
        .try_reserve_owned()
        .expect("a fresh channel has room");
    let worker = Worker::new(connection, path, failure);
    let thread = std::thread::Builder::new()
        .name("store".to_owned())
        .spawn(move || worker.run(&queue))
        .map_err(StoreError::io(path))?;
    Ok(Opened {
        handle: StoreHandle {
            searcher: Some(searcher),
            requests: Some(requests),
            events,
            thread: Some(thread),
        },
        events: receiver,
        snapshot,
        notice,
    })
}

impl StoreHandle {
    /// Queues a change. Waits if 4,096 requests are queued, which means that the disk is stuck.
    pub fn save(&self, write: StoreWrite) {
        self.request(Request::Write(write));
    }

    /// Queues a read, which sees every earlier write. Answered by [`StoreEvent::Loaded`].
    /// Returns `false` and reads nothing while 256 answers are not received.
    #[must_use = "a read that was not queued is not answered"]
    pub fn load(&self, read: StoreRead) -> bool {
        let Some(room) = self.room() else {
            return false;
        };
        self.request(Request::Read(read, room));
        true
    }

    /// Searches the entries on the disk. Answered by [`StoreEvent::Found`], unless a newer query
    /// cancels this one. Returns `false` and does nothing while 256 answers are not received.
    #[must_use = "a query that was not queued is not answered"]
    pub fn search(&self, query: SearchQuery) -> bool {
        let Some(room) = self.room() else {
            return false;
        };
        let searcher = self.searcher.as_ref().expect("taken only by drop");
        searcher.ask(query, room);
        true
    }

    /// Waits until everything queued so far is on the disk, or has failed.
    pub fn flush(&self) {
        let (done, wait) = std_mpsc::sync_channel(1);
        self.request(Request::Flush(done));
        // An error means that the thread ended, which it reported.
        let _ = wait.recv();
    }

    fn room(&self) -> Option<mpsc::OwnedPermit<StoreEvent>> {
        let room = self.events.clone().try_reserve_owned().ok();
        if room.is_none() {
            tracing::error!("too many unread answers of the store");
        }
        room
    }

    fn request(&self, request: Request) {
        let requests = self.requests.as_ref().expect("taken only by drop");
        if requests.send(request).is_err() {
            tracing::error!("the store's thread is gone");
        }
    }
}

impl Drop for StoreHandle {
    fn drop(&mut self) {
        drop(self.searcher.take());
        drop(self.requests.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's thread panicked");
        }
    }
}

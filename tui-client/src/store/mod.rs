//! Handle of the local store: a cache of the logs, and the only copy of drafts, outbox and scroll
//! positions.
//!
//! It has channels only. A thread owns the database (`worker`), so that drawing never waits for a
//! disk.

mod announcements;
mod apply;
mod aside;
mod changes;
mod damage;
mod engine;
mod entries;
mod entry_kind;
mod error;
mod events;
mod index;
mod load;
mod outbox;
mod queue;
mod rebuild;
mod request;
mod roll_back;
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
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::InterruptHandle;
use tokio::sync::mpsc;

use damage::OpenedDatabase;
pub use engine::Engine;
pub use error::StoreError;
pub use events::StoreEvents;
use queue::{Queue, Request};
pub use request::{
    HeldRange, LoadedEntries, LostTail, MAX_ANNOUNCEMENTS, Pending, PendingState, RollBack,
    RolledBack, SearchHit, SearchQuery, SearchResult, Snapshot, StoreEvent, StoreRead, StoreWrite,
    Stored, StoredCommand, StoredConversation, StoredMe, StoredPerson, StoredSetting,
};
use search_thread::SearchThread;
use worker::Worker;

#[derive(Debug)]
pub struct Opened {
    pub handle: StoreHandle,
    pub events: StoreEvents,
    pub snapshot: Snapshot,
    /// The notice for the user if a damaged database was replaced.
    pub notice: Option<String>,
}

/// Sends requests to the store's thread. Dropping it waits until all of them are on the disk.
pub struct StoreHandle {
    /// Dropped first: the last connection to the database has to be the writer.
    searcher: Option<SearchThread>,
    queue: Arc<Queue>,
    /// Ends a statement of the thread.
    interrupt: InterruptHandle,
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
    let (answers, stored, events) = events::channel();
    let failure = answers
        .clone()
        .try_reserve_owned()
        .expect("a fresh channel has room");
    let queue = Arc::<Queue>::default();
    let interrupt = connection.get_interrupt_handle();
    let worker = Worker::new(connection, path, failure, stored);
    let theirs = Arc::clone(&queue);
    let thread = std::thread::Builder::new()
        .name("store".to_owned())
        .spawn(move || worker.run(&theirs))
        .map_err(StoreError::io(path))?;
    Ok(Opened {
        handle: StoreHandle {
            searcher: Some(searcher),
            queue,
            interrupt,
            events: answers,
            thread: Some(thread),
        },
        events,
        snapshot,
        notice,
    })
}

impl StoreHandle {
    /// Queues a change. Never waits: see [`is_full`](Self::is_full).
    pub fn save(&self, write: StoreWrite) {
        let room = match write {
            StoreWrite::RollBack(_) => self.room(),
            _ => None,
        };
        self.queue.push(Request::Write(write, room));
    }

    /// Whether so many changes are queued that no more are to be taken from the network until the
    /// next [`StoreEvent::Stored`]. The user's own changes are small, and are always taken.
    pub fn is_full(&self) -> bool {
        self.queue.is_full()
    }

    /// Queues a read, which sees every earlier write. Answered by [`StoreEvent::Loaded`].
    /// Returns `false` and reads nothing while 256 answers are not received.
    #[must_use = "a read that was not queued is not answered"]
    pub fn load(&self, read: StoreRead) -> bool {
        let Some(room) = self.room() else {
            return false;
        };
        self.queue.push(Request::Read(read, room));
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
        let (done, wait) = sync_channel(1);
        self.queue.push(Request::Flush(done));
        // An error means that the thread ended, which it reported.
        let _ = wait.recv();
    }

    /// Ends the store. Changes that are not on the disk after `patience` are dropped if they belong
    /// to the cache only, which the server has; see [`StoreWrite::without_cache`].
    pub fn close(mut self, patience: Duration) {
        drop(self.searcher.take());
        let (done, wait) = sync_channel(1);
        self.queue.push(Request::Flush(done));
        if wait.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            self.queue.discard_cache();
            self.interrupt.interrupt();
        }
    }

    fn room(&self) -> Option<mpsc::OwnedPermit<StoreEvent>> {
        let room = self.events.clone().try_reserve_owned().ok();
        if room.is_none() {
            tracing::error!("too many unread answers of the store");
        }
        room
    }
}

impl Drop for StoreHandle {
    fn drop(&mut self) {
        drop(self.searcher.take());
        self.queue.close();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's thread panicked");
        }
    }
}

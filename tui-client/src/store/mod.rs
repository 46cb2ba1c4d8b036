//! The local store: a cache of the logs, and the only home of drafts, outbox and places.
//!
//! This is its handle: channels only. A thread owns the database (`worker`), so that no disk
//! is waited for while the screen is drawn.

mod apply;
mod damage;
mod engine;
mod entries;
mod index;
mod kind;
mod load;
mod outbox;
mod request;
mod schema;
mod search;
mod searcher;
mod settings;
mod snapshot;
#[cfg(test)]
mod tests;
mod traces;
mod value;
mod worker;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc as std_mpsc;
use std::thread::JoinHandle;

use tokio::sync::mpsc;

pub use engine::Engine;
pub use request::{
    Found, Held, Hit, Load, Loaded, Pending, PendingState, Query, Save, Snapshot,
    StoredConversation, StoredMe, StoredPerson, StoredSetting,
};
use searcher::Searcher;
use traces::Traces;
use worker::{Request, Worker};

/// Requests that may wait for the disk. A caller that finds no room waits: nothing is dropped.
const MAX_QUEUED_REQUESTS: usize = 4096;

/// Answers that may wait to be taken, one place of them kept for a failure.
const MAX_QUEUED_EVENTS: usize = 257;

/// What the store tells the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreEvent {
    /// Answers [`StoreHandle::load`].
    Loaded(Loaded),
    /// Answers [`StoreHandle::search`].
    Found(Found),
    /// A save failed, and this is what the user should know. Said once; what is saved from here
    /// on is discarded.
    Failed(String),
}

/// An opened store.
#[derive(Debug)]
pub struct Opened {
    /// Takes saves and loads.
    pub handle: StoreHandle,
    /// Gives answers.
    pub events: mpsc::Receiver<StoreEvent>,
    /// What was stored.
    pub snapshot: Snapshot,
    /// What the user should know: a damaged database was replaced.
    pub notice: Option<String>,
}

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A newer program made it.
    #[error(
        "the local store {} has schema {found} and this program knows {known}: \
         use the newer version of recado that wrote it", .path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that this program knows.
        known: i64,
    },
    /// A file or folder cannot be made or moved.
    #[error("cannot use {}: {source}; check its owner, its permissions and the free space", .path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database library refuses.
    #[error("cannot open the local store {}: {reason}", .path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// Hands requests to the store's thread. Dropping it writes what is queued and waits for that.
pub struct StoreHandle {
    /// Goes first: the last connection to the database has to be the one that writes.
    searcher: Option<Searcher>,
    requests: Option<std_mpsc::SyncSender<Request>>,
    events: mpsc::Sender<StoreEvent>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for StoreHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreHandle")
    }
}

/// Opens the store at `path`, makes it if there is none, and starts its thread. A damaged one is
/// moved aside and replaced; its drafts and outbox are kept as far as they can be read.
///
/// # Errors
/// [`StoreError`] says why it cannot be used.
pub fn open(path: &Path) -> Result<Opened, StoreError> {
    let damage::Usable {
        connection,
        snapshot,
        notice,
    } = damage::open_or_replace(path)?;
    let searcher = Searcher::start(path)?;
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
        .map_err(|source| StoreError::Io {
            path: path.to_owned(),
            source,
        })?;
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
    pub fn save(&self, save: Save) {
        self.request(Request::Save(save));
    }

    /// Queues a read, which sees every earlier save. Answered by [`StoreEvent::Loaded`].
    /// Returns `false` and reads nothing while 256 answers lie untaken.
    #[must_use = "a load that was not queued is not answered"]
    pub fn load(&self, load: Load) -> bool {
        let Some(room) = self.room() else {
            return false;
        };
        self.request(Request::Load(load, room));
        true
    }

    /// Searches what is on the disk. Answered by [`StoreEvent::Found`], unless a newer question
    /// came before the answer. Returns `false` and does nothing while 256 answers lie untaken.
    #[must_use = "a question that was not put is not answered"]
    pub fn search(&self, query: Query) -> bool {
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
        // An error means that the thread is gone, and with it what was queued: it reported that.
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

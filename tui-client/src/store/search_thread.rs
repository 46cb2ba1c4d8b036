//! The search thread, with its own connection, so that a slow search delays no save. A new query
//! cancels the running one, which then gets no answer.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rusqlite::{Connection, InterruptHandle};
use tokio::sync::mpsc::OwnedPermit;

use super::error::StoreError;
use super::request::{SearchQuery, SearchResult, StoreEvent};
use super::{damage, schema, search};

/// Handle of the search thread. Dropping it ends the thread.
pub(super) struct SearchThread {
    shared: Arc<Shared>,
    interrupt: InterruptHandle,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    next: Option<(SearchQuery, OwnedPermit<StoreEvent>)>,
    is_closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_cancelled(&self) -> bool {
        let waiting = self.lock();
        waiting.is_closed || waiting.next.is_some()
    }
}

impl SearchThread {
    /// Starts the thread. The database exists and has its schema.
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let opened = schema::open_reader(path);
        let connection = opened.map_err(|error| StoreError::database(path, &error))?;
        let interrupt = connection.get_interrupt_handle();
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let owned = path.to_owned();
        let thread = std::thread::Builder::new()
            .name("search".to_owned())
            .spawn(move || run(&connection, &owned, &theirs))
            .map_err(StoreError::io(path))?;
        Ok(Self {
            shared,
            interrupt,
            thread: Some(thread),
        })
    }

    /// Starts a query and cancels an unanswered one.
    pub(super) fn ask(&self, query: SearchQuery, room: OwnedPermit<StoreEvent>) {
        let mut waiting = self.shared.lock();
        waiting.next = Some((query, room));
        // The lock is still held, so that this cannot interrupt the new query.
        self.interrupt.interrupt();
        self.shared.changed.notify_one();
    }
}

impl Drop for SearchThread {
    fn drop(&mut self) {
        let mut waiting = self.shared.lock();
        waiting.is_closed = true;
        waiting.next = None;
        self.interrupt.interrupt();
        self.shared.changed.notify_one();
        drop(waiting);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the search thread panicked");
        }
    }
}

fn run(connection: &Connection, path: &Path, shared: &Shared) {
    loop {
        let mut waiting = shared.lock();
        let (query, room) = loop {
            if waiting.is_closed {
                return;
            }
            if let Some(next) = waiting.next.take() {
                break next;
            }
            waiting = shared
                .changed
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        };
        drop(waiting);
        let answer = search::search(connection, &query);
        // An interruption can also appear as fewer hits.
        if shared.is_cancelled() {
            continue;
        }
        room.send(StoreEvent::Found(answer.unwrap_or_else(|error| {
            tracing::error!(%error, "a search failed");
            if error.is_damage() {
                damage::mark(path);
            }
            SearchResult {
                number: query.number,
                hits: Vec::new(),
                more: false,
                missing_before: None,
            }
        })));
    }
}

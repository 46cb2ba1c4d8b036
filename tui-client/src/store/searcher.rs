//! The thread that searches, with a connection of its own: a slow search delays no save. Only the
//! newest question counts; it ends the one that runs, which is not answered then.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rusqlite::{Connection, InterruptHandle};
use tokio::sync::mpsc::OwnedPermit;

use super::{Found, Query, StoreError, StoreEvent, damage, schema, search};

/// The thread's handle. Dropping it ends the thread.
pub(super) struct Searcher {
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
    next: Option<(Query, OwnedPermit<StoreEvent>)>,
    is_closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the question that runs has been interrupted, because there is a newer one or none
    /// counts any more.
    fn is_overtaken(&self) -> bool {
        let waiting = self.lock();
        waiting.is_closed || waiting.next.is_some()
    }
}

impl Searcher {
    /// Starts the thread. The database is there and has its schema.
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let connection = schema::open_reader(path).map_err(|error| StoreError::Database {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        let interrupt = connection.get_interrupt_handle();
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let owned = path.to_owned();
        let thread = std::thread::Builder::new()
            .name("search".to_owned())
            .spawn(move || run(&connection, &owned, &theirs))
            .map_err(|source| StoreError::Io {
                path: path.to_owned(),
                source,
            })?;
        Ok(Self {
            shared,
            interrupt,
            thread: Some(thread),
        })
    }

    /// Asks. A question that is not answered yet never will be.
    pub(super) fn ask(&self, query: Query, room: OwnedPermit<StoreEvent>) {
        let mut waiting = self.shared.lock();
        waiting.next = Some((query, room));
        // The lock is still held, so this cannot hit the question that was just put.
        self.interrupt.interrupt();
        self.shared.changed.notify_one();
    }
}

impl Drop for Searcher {
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
        // An interruption surfaces in many ways, and as fewer hits in the worst case.
        if shared.is_overtaken() {
            continue;
        }
        room.send(StoreEvent::Found(answer.unwrap_or_else(|fault| {
            tracing::error!(%fault, "a search failed");
            if fault.is_damage() {
                damage::mark(path);
            }
            Found {
                number: query.number,
                hits: Vec::new(),
                more: false,
            }
        })));
    }
}

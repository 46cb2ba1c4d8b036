//! The store's thread, the only writer of the database. What is queued becomes one transaction, up
//! to a limit, so that a burst costs one sync.

use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::mpsc::OwnedPermit;
use tokio::sync::watch;

use super::apply::Applied;
use super::queue::{Queue, Request, Woken};
use super::request::{LoadedEntries, RolledBack, StoreEvent, StoreWrite, Stored};
use super::value::DbError;
use super::wal_residue::WalResidue;
use super::{apply, damage, load, rebuild, schema};

/// Most requests in one transaction.
const MAX_BATCH: usize = 1024;

/// Entries after which a transaction ends. The search index takes larger batches at less cost, and
/// what waits behind a batch waits longer.
const MAX_BATCH_ENTRIES: usize = 8_000;

/// Idle time after which the write-ahead log is emptied.
const IDLE: Duration = Duration::from_secs(2);

/// Idle time before each step of a rebuild of the search index, which leaves the disk to others.
const PAUSE: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(super) struct Worker {
    connection: Connection,
    path: PathBuf,
    /// The permit for the one failure that is reported; `None` after that.
    failure: Option<OwnedPermit<StoreEvent>>,
    /// The sum of all entries whose transaction has ended, and the size after the last one.
    stored: watch::Sender<Stored>,
    residue: WalResidue,
    /// Whether the search index may lack messages.
    is_rebuilding: bool,
}

/// What one transaction does.
#[derive(Debug, Default)]
struct Batch {
    requests: usize,
    entries: usize,
    residue: WalResidue,
    /// The changes that are made even if the others are dropped.
    kept: Vec<StoreWrite>,
    has_cache: bool,
    /// Outcomes to be told once the transaction is committed.
    outcomes: Vec<(OwnedPermit<StoreEvent>, RolledBack)>,
    flushes: Vec<SyncSender<()>>,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.requests >= MAX_BATCH || self.entries >= MAX_BATCH_ENTRIES
    }

    fn note(&mut self, write: &StoreWrite) {
        self.entries += write.entry_count();
        let kept = write.without_cache();
        self.has_cache |= kept.as_ref() != Some(write);
        self.kept.extend(kept);
    }

    fn note_applied(&mut self, applied: Applied, room: Option<OwnedPermit<StoreEvent>>) {
        self.residue |= applied.residue;
        self.outcomes.extend(room.zip(applied.rolled_back));
    }
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Committed,
    /// Rolled back, because only the cache needed some of it.
    Dropped,
}

impl Worker {
    pub(super) fn new(
        connection: Connection,
        path: &Path,
        failure: OwnedPermit<StoreEvent>,
        stored: watch::Sender<Stored>,
    ) -> Self {
        Self {
            connection,
            path: path.to_owned(),
            failure: Some(failure),
            stored,
            residue: WalResidue::None,
            is_rebuilding: true,
        }
    }

    /// Runs until the queue is closed and everything in it is done.
    pub(super) fn run(mut self, queue: &Queue) {
        let _abandon = AbandonOnDrop(queue);
        loop {
            let limit = (self.residue != WalResidue::None).then_some(IDLE);
            let limit = if self.is_rebuilding {
                Some(PAUSE)
            } else {
                limit
            };
            match queue.wait(limit) {
                Woken::Request => self.carry_out(queue),
                Woken::Timeout if self.is_rebuilding => self.rebuild(),
                Woken::Timeout => self.empty_log(),
                // The last connection to close empties the write-ahead log too.
                Woken::Closed => return,
            }
        }
    }

    fn carry_out(&mut self, queue: &Queue) {
        let mut batch = Batch::default();
        let mut result = self.transact(queue, &mut batch);
        // The one interruption may also hit what is kept.
        while queue.is_discarding()
            && (matches!(result, Ok(Outcome::Dropped)) || is_interrupted(&result))
        {
            result = self.keep(&mut batch);
        }
        match result {
            Ok(_) => {
                self.residue |= batch.residue;
                for (room, outcome) in batch.outcomes {
                    room.send(StoreEvent::RolledBack(outcome));
                }
            }
            Err(error) => self.report(&error),
        }
        if self.residue == WalResidue::Erased {
            self.empty_log();
        }
        let bytes = schema::used_bytes(&self.connection);
        self.stored.send_modify(|stored| {
            stored.entries = stored.entries.wrapping_add(batch.entries);
            // A size that cannot be read is no reason to stop.
            stored.bytes = bytes.unwrap_or(stored.bytes);
        });
        for flush in batch.flushes {
            // The caller may have given up.
            let _ = flush.try_send(());
        }
    }

    /// Runs what is queued in one transaction. A read that fails gets an empty answer, which makes the
    /// app ask the server instead.
    fn transact(&mut self, queue: &Queue, batch: &mut Batch) -> Result<Outcome, DbError> {
        let transaction = self.connection.transaction();
        let mut result = Ok(());
        while result.is_ok()
            && !batch.is_full()
            && let Some(request) = queue.pop()
        {
            batch.requests += 1;
            match request {
                Request::Write(write, room) => {
                    batch.note(&write);
                    if self.failure.is_some()
                        && let Ok(transaction) = &transaction
                    {
                        let applied = apply::apply(transaction, &write);
                        result = applied.map(|applied| batch.note_applied(applied, room));
                    }
                }
                Request::Read(read, room) => {
                    let loaded = match &transaction {
                        Ok(transaction) => load::load(transaction, read),
                        Err(_) => Ok(LoadedEntries::empty(read)),
                    };
                    let answer = loaded.unwrap_or_else(|error| {
                        result = Err(error);
                        LoadedEntries::empty(read)
                    });
                    room.send(StoreEvent::Loaded(answer));
                }
                Request::Flush(done) => batch.flushes.push(done),
            }
            if batch.has_cache && queue.is_discarding() {
                return Ok(Outcome::Dropped);
            }
        }
        let transaction = transaction?;
        result?;
        transaction.commit()?;
        Ok(Outcome::Committed)
    }

    /// Makes the changes of a batch that was dropped and has to be kept in part.
    fn keep(&mut self, batch: &mut Batch) -> Result<Outcome, DbError> {
        batch.residue = WalResidue::None;
        let transaction = self.connection.transaction()?;
        for write in &batch.kept {
            batch.residue |= apply::apply(&transaction, write)?.residue;
        }
        transaction.commit()?;
        Ok(Outcome::Committed)
    }

    fn rebuild(&mut self) {
        let mut step = || -> Result<bool, DbError> {
            let transaction = self.connection.transaction()?;
            let has_more = rebuild::step(&transaction)?;
            transaction.commit()?;
            Ok(has_more)
        };
        let result = step();
        if let Err(error) = &result
            && !error.is_interruption()
        {
            self.report(error);
        }
        self.is_rebuilding = result.unwrap_or(self.failure.is_some());
        if self.is_rebuilding {
            self.residue |= WalResidue::Stale;
        }
    }

    /// Empties the write-ahead log, or tries again at the next idle time.
    fn empty_log(&mut self) {
        let is_empty = schema::empty_log(&self.connection).unwrap_or_else(|error| {
            tracing::warn!(%error, "cannot empty the write-ahead log");
            false
        });
        self.residue = if is_empty {
            WalResidue::None
        } else {
            WalResidue::Stale
        };
    }

    fn report(&mut self, error: &DbError) {
        let Some(room) = self.failure.take() else {
            return;
        };
        tracing::error!(%error, "the local store failed");
        let next = if error.is_damage() {
            damage::mark(&self.path);
            "Restart Recado to create a new store with the readable drafts and unsent messages"
        } else {
            "Free disk space or check the permissions of the folder, then restart Recado"
        };
        let path = self.path.display();
        room.send(StoreEvent::Failed(format!(
            "the local store {path} failed ({error}). {next}"
        )));
    }
}

fn is_interrupted<T>(result: &Result<T, DbError>) -> bool {
    matches!(result, Err(error) if error.is_interruption())
}

/// Lets the handle know if the thread ends early.
struct AbandonOnDrop<'a>(&'a Queue);

impl Drop for AbandonOnDrop<'_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

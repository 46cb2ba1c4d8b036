//! Checkpoints: they move committed pages from the write-ahead log into the database, on a thread and a connection
//! of their own, so that no commit waits for the sync of the database. The writer stops between two commits only
//! for the short rest of a checkpoint that is to restart or empty the log, and never waits for a reader.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, Result};

use crate::store::answers::Answers;
use crate::store::folder::{BUSY_TIMEOUT, wal_checkpoint};
use crate::store::values::{CheckpointThresholds, Counters, Fault};

/// Shortest time between two attempts to empty the log of erased text. Each stops the writer for a few
/// milliseconds, so that many deletions share one. Our judgement.
const ERASURE_INTERVAL: Duration = Duration::from_secs(1);

/// The write-ahead log, as the writer and the checkpointer know it.
#[derive(Debug)]
pub(crate) struct WalState {
    thresholds: CheckpointThresholds,
    /// Pages in the log after the last commit, also those that were moved already.
    pages: AtomicI64,
    turn: Mutex<Turn>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Turn {
    /// A transaction of the writer is under way.
    is_writing: bool,
    /// The checkpointer lets no transaction begin.
    is_paused: bool,
    load: Load,
    /// Erased text may still stand in the log.
    has_erased: bool,
    /// Pages of the log at the last checkpoint of the thread.
    seen: i64,
}

/// The requests that wait for the writer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Load {
    #[default]
    Some,
    None,
    /// The writer has ended.
    Ended,
}

/// The writer's turn, until it is dropped.
pub(crate) struct Writing<'a>(&'a WalState);

/// The life of the writer's thread.
pub(crate) struct Closing<'a>(&'a WalState);

/// The time in which the writer begins no transaction.
struct Pause<'a>(&'a WalState);

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        let mut turn = self.0.lock();
        turn.is_writing = false;
        if turn.is_paused {
            self.0.changed.notify_all();
        }
    }
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.lock().load = Load::Ended;
        self.0.changed.notify_all();
    }
}

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        self.0.lock().is_paused = false;
        self.0.changed.notify_all();
    }
}

impl WalState {
    /// What lies in the log from before is counted at the first checkpoint.
    pub(crate) fn new(thresholds: CheckpointThresholds) -> Self {
        Self {
            thresholds,
            pages: AtomicI64::new(i64::MAX),
            turn: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    pub(crate) fn set_pages(&self, pages: i64) {
        self.pages.store(pages, Ordering::Relaxed);
    }

    /// Waits while the checkpointer finishes, then holds it off.
    pub(crate) fn begin(&self) -> Writing<'_> {
        let mut turn = self.lock();
        while turn.is_paused {
            turn = self.wait(turn);
        }
        turn.is_writing = true;
        Writing(self)
    }

    fn pause(&self) -> Pause<'_> {
        let mut turn = self.lock();
        turn.is_paused = true;
        while turn.is_writing {
            turn = self.wait(turn);
        }
        Pause(self)
    }

    /// Notes that a commit erased text.
    pub(crate) fn note_erased(&self) {
        if !std::mem::replace(&mut self.lock().has_erased, true) {
            self.changed.notify_all();
        }
    }

    /// Notes whether requests wait for the writer after a commit.
    pub(crate) fn set_idle(&self, is_idle: bool) {
        let mut turn = self.lock();
        turn.load = if is_idle { Load::None } else { Load::Some };
        // The thread is not woken for each commit.
        if self.is_due(&turn) {
            self.changed.notify_all();
        }
    }

    /// The checkpointer ends when the returned value is dropped.
    pub(crate) fn writer_runs(&self) -> Closing<'_> {
        Closing(self)
    }

    fn is_due(&self, turn: &Turn) -> bool {
        let pages = self.pages.load(Ordering::Relaxed);
        // The log has started over if it has fewer.
        let new = if pages >= turn.seen {
            pages - turn.seen
        } else {
            pages
        };
        new >= match turn.load {
            // Readers prevented the last chance to start over.
            _ if pages >= self.thresholds.restart_pages => self.thresholds.restart_pages / 16,
            Load::Some => self.thresholds.busy_pages,
            Load::None | Load::Ended => self.thresholds.idle_pages,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, turn: MutexGuard<'a, Turn>) -> MutexGuard<'a, Turn> {
        let waited = self.changed.wait(turn);
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_for<'a>(&self, turn: MutexGuard<'a, Turn>, time: Duration) -> MutexGuard<'a, Turn> {
        let waited = self.changed.wait_timeout(turn, time);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// The checkpoints of a database, which share the state of the log with its writer.
#[derive(Clone, Debug)]
pub(crate) struct Checkpoints {
    pub(crate) wal: Arc<WalState>,
    pub(crate) counters: Arc<Counters>,
}

impl Checkpoints {
    /// Runs a checkpoint if many pages wait to be moved, or erased text does. Pages that readers still need stay
    /// for the next one (<https://www.sqlite.org/wal.html#checkpointing>).
    pub(crate) fn run_if_due(&self, db: &Connection) -> Result<()> {
        if self.wal.lock().has_erased {
            self.forget_erased(db)?;
        }
        let due = if self.wal.lock().load == Load::Some {
            self.wal.thresholds.busy_pages
        } else {
            self.wal.thresholds.idle_pages
        };
        // The question to the database takes locks.
        let may_be_due = self.wal.pages.load(Ordering::Relaxed) >= due;
        if may_be_due && wal_checkpoint(db, "NOOP")? >= due {
            self.move_pages(db)?;
        }
        Ok(())
    }

    /// The writer restarts the log only when every page in it is moved. Beside its commits that happens only if it
    /// stops for the last ones.
    fn move_pages(&self, db: &Connection) -> Result<()> {
        wal_checkpoint(db, "PASSIVE")?;
        self.counters.update(|stats| stats.checkpoints += 1);
        if self.wal.pages.load(Ordering::Relaxed) >= self.wal.thresholds.restart_pages {
            let _pause = self.wal.pause();
            wal_checkpoint(db, "PASSIVE")?;
        }
        Ok(())
    }

    /// Empties the log: earlier pages in it have the erased text. Most pages are moved before the writer stops. A
    /// reader keeps the log from being emptied only while it reads; then the next attempt follows.
    fn forget_erased(&self, db: &Connection) -> Result<()> {
        wal_checkpoint(db, "PASSIVE")?;
        let _pause = self.wal.pause();
        db.busy_timeout(Duration::ZERO)?;
        let is_empty = db
            .prepare_cached("PRAGMA wal_checkpoint(TRUNCATE)")?
            .query_one([], |row| Ok(row.get::<_, i64>(0)? == 0));
        db.busy_timeout(BUSY_TIMEOUT)?;
        if is_empty? {
            self.wal.lock().has_erased = false;
            self.wal.set_pages(0);
        }
        self.counters.update(|stats| stats.checkpoints += 1);
        Ok(())
    }

    /// Runs checkpoints beside the writer until it has ended, or the database fails.
    pub(crate) fn run(self, db: &Connection, answers: &Answers) {
        let mut last_erasure = None;
        while self.wait_until_due(last_erasure) {
            if self.wal.lock().has_erased {
                last_erasure = Some(Instant::now());
            }
            if let Err(error) = unless_full(self.run_once(db)) {
                return answers.fail(&error);
            }
            self.wal.lock().seen = self.wal.pages.load(Ordering::Relaxed);
        }
        if let Err(error) = unless_full(self.run_once(db)) {
            answers.fail(&error);
        }
    }

    fn run_once(&self, db: &Connection) -> Result<()> {
        if self.wal.lock().has_erased {
            self.forget_erased(db)
        } else {
            self.move_pages(db)
        }
    }

    /// Waits for the next checkpoint. Returns false once the writer has ended.
    fn wait_until_due(&self, last_erasure: Option<Instant>) -> bool {
        let mut turn = self.wal.lock();
        loop {
            if turn.load == Load::Ended {
                return false;
            }
            if !turn.has_erased {
                if self.wal.is_due(&turn) {
                    return true;
                }
                turn = self.wal.wait(turn);
                continue;
            }
            let waited = last_erasure.map_or(ERASURE_INTERVAL, |last| last.elapsed());
            match ERASURE_INTERVAL.checked_sub(waited) {
                None | Some(Duration::ZERO) => return true,
                Some(rest) => turn = self.wal.wait_for(turn, rest),
            }
        }
    }
}

/// Without space for a checkpoint the write-ahead log stays for the next one.
fn unless_full(result: Result<()>) -> Result<()> {
    match result {
        Err(error) if Fault::of(&error) == Fault::NoSpace => Ok(()),
        result => result,
    }
}

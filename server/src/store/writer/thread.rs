//! Writer thread: commits all requests that queued while the last commit ran, as one transaction, and
//! decides when the write-ahead log moves into the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use recado_shared::{Content, LogId, Stamp, Timestamp};
use rusqlite::Connection;
use rusqlite::hooks::Wal;
use tokio::sync::mpsc;
use tracing::info;

use super::batch::Batch;
use super::careful::fault_of;
use super::row_cache::{MAX_CACHED_ROWS, RowCache};
use super::start;
use crate::store::answers::{Answers, StoreEvent};
use crate::store::damage::DamageLog;
use crate::store::folder::{BUSY_TIMEOUT, Folder, wal_checkpoint};
use crate::store::tables::schema;
use crate::store::values::{
    CheckpointThresholds, Counters, Fault, StoreConfig, StoreError, StoredMemberships, Write,
    WriteResult,
};

/// How long the emptying of the write-ahead log waits for readers, which need a few milliseconds.
const READER_TIMEOUT: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) db: Connection,
    pub(crate) log: LogId,
    pub(crate) stamp: Stamp,
    /// The clock at the last request that told it.
    clock: Timestamp,
    pub(crate) rows: RowCache,
    checkpoints: CheckpointThresholds,
    pub(crate) counters: Arc<Counters>,
    pub(crate) damage: Arc<DamageLog>,
    /// Whether the last transaction found no space.
    pub(super) lacks_space: bool,
    /// Pages in the write-ahead log after the last commit, also those that were moved already.
    wal_pages: Arc<AtomicI64>,
    /// Erased text may still stand in the write-ahead log.
    has_erased: bool,
}

impl Writer {
    pub(crate) fn new(
        mut db: Connection,
        checkpoints: CheckpointThresholds,
    ) -> rusqlite::Result<Self> {
        let (log, stamp) = schema::identity(&db)?;
        let clock = schema::clock(&db)?.unwrap_or_default();
        // Whatever lies there from before is counted when it is asked for the first time.
        let wal_pages = Arc::new(AtomicI64::new(i64::MAX));
        let counters = Arc::new(Counters::default());
        let (count, commits) = (Arc::clone(&wal_pages), Arc::clone(&counters));
        // It is called after each commit that wrote something.
        db.wal_hook(Some(move |_: &mut Wal, pages| {
            count.store(i64::from(pages), Ordering::Relaxed);
            commits.update(|stats| stats.commits += 1);
            Ok(())
        }))?;
        Ok(Self {
            db,
            log,
            stamp,
            clock,
            rows: RowCache::with_capacity(MAX_CACHED_ROWS),
            checkpoints,
            damage: Arc::new(DamageLog::new(Arc::clone(&counters))),
            counters,
            lacks_space: false,
            wal_pages,
            has_erased: false,
        })
    }

    pub(crate) fn open(folder: &Folder, config: &StoreConfig) -> Result<Self, StoreError> {
        let db = folder.open_writer()?;
        if let Some(check) = config.clock {
            start::check_clock(&db, check, &folder.dir)?;
        }
        Self::new(db, config.checkpoints).map_err(StoreError::database(&folder.dir))
    }

    pub(crate) fn memberships(&self) -> rusqlite::Result<StoredMemberships> {
        start::memberships(&self.db, &self.damage)
    }

    /// Commits and answers until the queue is closed and empty, or the database fails.
    pub(crate) fn run(mut self, mut queue: mpsc::Receiver<Vec<Write>>, answers: &Answers) {
        let result = self.commit_all(&mut queue, answers);
        // Closes the queue before it reports the failure, so that no request queues after the report.
        drop(queue);
        if let Err(error) = result {
            answers.fail(&error);
        }
    }

    /// Each commit takes all queued requests: the more there are, the less each costs.
    fn commit_all(
        &mut self,
        queue: &mut mpsc::Receiver<Vec<Write>>,
        answers: &Answers,
    ) -> rusqlite::Result<()> {
        while let Some(mut batch) = queue.blocking_recv() {
            while let Ok(mut more) = queue.try_recv() {
                batch.append(&mut more);
            }
            let written = self.commit(&batch)?;
            // The answer follows the erasure, unless a reader delays it.
            let forgotten = self.forget_erased();
            answers.send(StoreEvent::Written(written));
            unless_full(forgotten)?;
            unless_full(self.checkpoint_if_due(queue.is_empty()))?;
        }
        unless_full(wal_checkpoint(&self.db, "PASSIVE").map(drop))
    }

    /// Commits a batch in one transaction: later requests see earlier ones. Requests that need damaged
    /// data fail by themselves; without space for the batch all fail, and the next batch tries again.
    pub(crate) fn commit(&mut self, batch: &[Write]) -> rusqlite::Result<Vec<WriteResult>> {
        #[cfg(test)]
        crate::store::tests::plans::begin();
        let mut result = self.transact(batch);
        if fault_of(&result) == Some(Fault::Damage) {
            result = self.commit_undamaged(batch);
        }
        if fault_of(&result) == Some(Fault::NoSpace) {
            return self.refuse_for_space(batch);
        }
        if std::mem::take(&mut self.lacks_space) && result.is_ok() {
            info!("there is space again: messages are accepted");
        }
        #[cfg(test)]
        crate::store::tests::plans::check(&self.db);
        result
    }

    /// Applies and commits writes in one transaction. An error rolls it back.
    pub(super) fn transact(&mut self, writes: &[Write]) -> rusqlite::Result<Vec<WriteResult>> {
        self.db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let result = self.commit_in(writes);
        if result.is_err() {
            self.roll_back();
        }
        result
    }

    pub(super) fn roll_back(&mut self) {
        // Its rows may be of the failed batch.
        self.rows.clear();
        // Some errors have rolled back already.
        let _ = self.db.execute_batch("ROLLBACK");
    }

    fn commit_in(&mut self, writes: &[Write]) -> rusqlite::Result<Vec<WriteResult>> {
        let mut batch = Batch::begin(&self.db, &mut self.rows, self.stamp)?;
        let mut clock = self.clock;
        let mut written = Vec::with_capacity(writes.len());
        for write in writes {
            let before = batch.stamp;
            written.push(batch.apply(self.log, write)?);
            if batch.stamp != before {
                clock = write.time().unwrap_or(clock);
            }
        }
        let has_erased = batch.has_erased;
        let stamp = batch.finish()?;
        if stamp != self.stamp {
            schema::set_stamp(&self.db, stamp, clock)?;
        }
        self.db.prepare_cached("COMMIT")?.execute([])?;
        self.counters.update(|stats| {
            stats.writes += written.len() as u64;
            stats.messages += written
                .iter()
                .filter(|written| is_new_message(written))
                .count() as u64;
        });
        self.stamp = stamp;
        self.clock = clock;
        self.has_erased |= has_erased;
        Ok(written)
    }

    /// Empties the write-ahead log after something was erased: earlier pages in it have the text.
    /// Readers hold it up only while they read; then the next batch tries again.
    fn forget_erased(&mut self) -> rusqlite::Result<()> {
        if self.has_erased {
            self.has_erased = !truncate_wal(&self.db)?;
            self.counters.update(|stats| stats.checkpoints += 1);
        }
        Ok(())
    }

    /// Moves committed pages into the database file. Pages that readers still need stay for the next
    /// checkpoint (<https://www.sqlite.org/wal.html#checkpointing>).
    pub(crate) fn checkpoint_if_due(&mut self, is_idle: bool) -> rusqlite::Result<()> {
        self.forget_erased()?;
        let due = if is_idle {
            self.checkpoints.idle_pages
        } else {
            self.checkpoints.busy_pages
        };
        // The question to the database takes locks.
        let may_be_due = self.wal_pages.load(Ordering::Relaxed) >= due;
        if may_be_due && wal_checkpoint(&self.db, "NOOP")? >= due {
            wal_checkpoint(&self.db, "PASSIVE")?;
            self.counters.update(|stats| stats.checkpoints += 1);
        }
        Ok(())
    }
}

/// Without space for a checkpoint the write-ahead log stays for the next one.
fn unless_full(result: rusqlite::Result<()>) -> rusqlite::Result<()> {
    match fault_of(&result) {
        Some(Fault::NoSpace) => Ok(()),
        _ => result,
    }
}

fn is_new_message(written: &WriteResult) -> bool {
    let WriteResult::Append { result, .. } = written else {
        return false;
    };
    result.as_ref().is_ok_and(|appended| {
        appended.is_new && matches!(appended.entry.content, Content::Message(_))
    })
}

/// Moves all pages into the database and empties the write-ahead log. Returns false if a reader
/// kept it from that: a long read, such as in a shell, must not delay commits.
fn truncate_wal(db: &Connection) -> rusqlite::Result<bool> {
    db.busy_timeout(READER_TIMEOUT)?;
    let is_empty = db
        .prepare_cached("PRAGMA wal_checkpoint(TRUNCATE)")?
        .query_one([], |row| Ok(row.get::<_, i64>(0)? == 0));
    db.busy_timeout(BUSY_TIMEOUT)?;
    is_empty
}

//! Writer thread: commits all requests that queued while the last commit ran, as one transaction.

use std::sync::Arc;

use recado_shared::{Content, EpochId, LogId, Stamp, Timestamp};
use rusqlite::Connection;
use rusqlite::hooks::Wal;
use tokio::sync::mpsc;
use tracing::info;

use super::batch::Batch;
use super::careful::fault_of;
use super::reserve::DiskReserve;
use super::row_cache::{MAX_CACHED_ROWS, RowCache};
use super::start;
use crate::store::answers::{Answers, StoreEvent};
use crate::store::checkpoint::{Checkpoints, WalState};
use crate::store::damage::DamageLog;
use crate::store::folder::{Folder, wal_checkpoint};
use crate::store::tables::{epochs, schema};
use crate::store::values::{
    CheckpointThresholds, Counters, Fault, StoreConfig, StoreError, StoredMemberships, Write,
    WriteResult,
};

#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) db: Connection,
    pub(crate) log: LogId,
    pub(crate) stamp: Stamp,
    /// The clock at the last request that told it.
    clock: Timestamp,
    pub(crate) rows: RowCache,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) counters: Arc<Counters>,
    pub(crate) damage: Arc<DamageLog>,
    /// Whether the last transaction found no space.
    pub(super) lacks_space: bool,
    /// The epoch of this server, if there was no space for it at the start.
    pending_epoch: Option<EpochId>,
    pub(crate) reserve: DiskReserve,
}

impl Writer {
    pub(crate) fn new(
        mut db: Connection,
        checkpoints: CheckpointThresholds,
        pending_epoch: Option<EpochId>,
    ) -> rusqlite::Result<Self> {
        let (log, stamp) = schema::identity(&db)?;
        let clock = schema::clock(&db)?.unwrap_or_default();
        let wal = Arc::new(WalState::new(checkpoints));
        let counters = Arc::new(Counters::default());
        let (state, commits) = (Arc::clone(&wal), Arc::clone(&counters));
        // It is called after each commit that wrote something.
        db.wal_hook(Some(move |_: &mut Wal, pages| {
            state.set_pages(i64::from(pages));
            commits.update(|stats| stats.commits += 1);
            Ok(())
        }))?;
        Ok(Self {
            db,
            log,
            stamp,
            clock,
            rows: RowCache::with_capacity(MAX_CACHED_ROWS),
            checkpoints: Checkpoints {
                wal,
                counters: Arc::clone(&counters),
            },
            damage: Arc::new(DamageLog::new(Arc::clone(&counters))),
            counters,
            lacks_space: false,
            pending_epoch,
            reserve: DiskReserve::default(),
        })
    }

    pub(crate) fn open(folder: &Folder, config: &StoreConfig) -> Result<Self, StoreError> {
        let db = folder.open_writer()?;
        if let Some(check) = config.clock {
            start::check_clock(&db, check, &folder.dir)?;
        }
        let pending_epoch = folder.begin_epoch(&db)?;
        let mut writer = Self::new(db, config.checkpoints, pending_epoch)
            .map_err(StoreError::database(&folder.dir))?;
        writer.reserve = DiskReserve::new(folder.dir.clone(), config.disk_reserve);
        Ok(writer)
    }

    pub(crate) fn memberships(&self) -> rusqlite::Result<StoredMemberships> {
        start::memberships(&self.db, &self.damage, self.pending_epoch)
    }

    /// Commits and answers until the queue is closed and empty, or the database fails.
    pub(crate) fn run(mut self, mut queue: mpsc::Receiver<Vec<Write>>, answers: &Answers) {
        let wal = Arc::clone(&self.checkpoints.wal);
        let _running = wal.writer_runs();
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
            answers.send(StoreEvent::Written(written));
            self.checkpoints.wal.set_idle(queue.is_empty());
        }
        Ok(())
    }

    /// Commits a batch in one transaction: later requests see earlier ones. Requests that need damaged
    /// data fail by themselves; without space for the batch all fail, and the next batch tries again.
    pub(super) fn commit_all_of(&mut self, batch: &[Write]) -> rusqlite::Result<Vec<WriteResult>> {
        let wal = Arc::clone(&self.checkpoints.wal);
        let _turn = wal.begin();
        #[cfg(test)]
        crate::store::tests::plans::begin();
        let mut result = self.transact(batch);
        if fault_of(&result) == Some(Fault::Damage) {
            result = self.commit_undamaged(batch);
        }
        // A log that moves into the database has room for the batch.
        if fault_of(&result) == Some(Fault::NoSpace)
            && wal_checkpoint(&self.db, "PASSIVE").is_ok_and(|left| left == 0)
        {
            result = self.transact(batch);
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
        if let Some(id) = self.pending_epoch {
            epochs::begin(&self.db, id)?;
        }
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
        self.pending_epoch = None;
        self.stamp = stamp;
        self.clock = clock;
        if has_erased {
            self.checkpoints.wal.note_erased();
        }
        Ok(written)
    }

    /// Runs a checkpoint on the writer's connection, for an owner without threads.
    pub(crate) fn checkpoint_if_due(&self, is_idle: bool) -> rusqlite::Result<()> {
        self.checkpoints.wal.set_idle(is_idle);
        self.checkpoints.run_if_due(&self.db)
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

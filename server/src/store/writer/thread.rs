//! The threads of the store: one writer, which commits whatever queued meanwhile, and readers
//! beside it. They own the connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use recado_shared::{Content, LogId, RequestError, Stamp, Timestamp, UserId};
use rusqlite::Connection;
use rusqlite::hooks::Wal;
use tokio::sync::mpsc;

use crate::id::Ticket;
use crate::store::folder::BUSY_TIMEOUT;
use crate::store::readers::read;
use crate::store::tables::devices;
use crate::store::tables::entries;
use crate::store::tables::entries::NewEntry;
use crate::store::tables::schema;
use crate::store::tables::settings;
use crate::store::values::admin::{Change, Changed};
use crate::store::values::answers::{Answers, StoreEvent};
use crate::store::values::config::Checkpoints;
use crate::store::values::request::{
    Appended, Read, ReadResult, StoredMemberships, Write, Written,
};
use crate::store::values::stats::Counters;
use crate::store::writer::admin;
use crate::store::writer::batch::Batch;
use crate::store::writer::login;
use crate::store::writer::profile;
use crate::store::writer::profile::Concerns;
use crate::store::writer::room;
use crate::store::writer::row_cache::RowCache;

/// How long the emptying of the write-ahead log waits for readers. Those of the server need a few
/// milliseconds.
const READER_TIMEOUT: Duration = Duration::from_millis(500);

/// The only one who writes the log.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) db: Connection,
    log: LogId,
    pub(crate) stamp: Stamp,
    pub(crate) rows: RowCache,
    checkpoints: Checkpoints,
    counters: Arc<Counters>,
    /// Pages in the write-ahead log after the last commit, those among them that were moved already
    /// included.
    wal_pages: Arc<AtomicI64>,
    /// Erased text may still stand in the write-ahead log.
    has_erased: bool,
}

impl Writer {
    pub(crate) fn new(mut db: Connection, checkpoints: Checkpoints) -> rusqlite::Result<Self> {
        let (log, stamp) = schema::identity(&db)?;
        // Whatever lies there from before is counted when it is asked for the first time.
        let wal_pages = Arc::new(AtomicI64::new(i64::MAX));
        let counters = Arc::new(Counters::default());
        let (count, commits) = (Arc::clone(&wal_pages), Arc::clone(&counters));
        // It is called after each commit that wrote something.
        db.wal_hook(Some(move |_: &mut Wal, pages| {
            count.store(i64::from(pages), Ordering::Relaxed);
            commits.committed();
            Ok(())
        }))?;
        Ok(Self {
            db,
            log,
            stamp: Stamp(stamp),
            rows: RowCache::default(),
            checkpoints,
            counters,
            wal_pages,
            has_erased: false,
        })
    }

    /// The identity of the data.
    pub(crate) fn log(&self) -> LogId {
        self.log
    }

    /// What it counts.
    pub(crate) fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// All rooms, and how people stand to each other.
    pub(crate) fn memberships(&self) -> rusqlite::Result<StoredMemberships> {
        Ok(StoredMemberships {
            rooms: room::read_all(&self.db)?,
            blocks: settings::blocks(&self.db)?,
            closed: profile::closed(&self.db)?,
            displays: profile::displays(&self.db)?,
        })
    }

    /// Answers a question from all that is committed.
    pub(crate) fn answer(&mut self, question: Read) -> rusqlite::Result<ReadResult> {
        read::answer(&self.db, question)
    }

    /// Commits and answers until the queue is closed and empty, or the database fails.
    /// One commit has all that waits, at most as many requests as may be unanswered: the more wait,
    /// the less each costs.
    pub(crate) fn run(mut self, mut queue: mpsc::Receiver<Vec<Write>>, answers: &Answers) {
        while let Some(mut batch) = queue.blocking_recv() {
            while let Ok(mut more) = queue.try_recv() {
                batch.append(&mut more);
            }
            let result = self.commit(&batch);
            match result {
                Ok(written) => {
                    // Whoever hears that a text is erased finds it nowhere, unless a reader is
                    // just looking.
                    let forgotten = self.forget_erased();
                    answers.send(StoreEvent::Written(written));
                    if let Err(error) = forgotten {
                        return stop(queue, answers, &error);
                    }
                }
                Err(error) => return stop(queue, answers, &error),
            }
            if let Err(error) = self.checkpoint_if_due(queue.is_empty()) {
                return stop(queue, answers, &error);
            }
        }
        if let Err(error) = wal_checkpoint(&self.db, "PASSIVE") {
            stop(queue, answers, &error);
        }
    }

    /// Does all of a batch in one transaction that is on the disk when this returns. Later
    /// requests of the batch see earlier ones.
    pub(crate) fn commit(&mut self, batch: &[Write]) -> rusqlite::Result<Vec<Written>> {
        begin(&self.db)?;
        let result = self.commit_in(batch);
        if result.is_err() {
            // What it knows may be of what is undone.
            self.rows.clear();
            // What failed may have undone everything by itself.
            let _ = self.db.execute_batch("ROLLBACK");
        }
        result
    }

    fn commit_in(&mut self, writes: &[Write]) -> rusqlite::Result<Vec<Written>> {
        let mut batch = Batch::begin(&self.db, &mut self.rows, self.stamp)?;
        let written = writes
            .iter()
            .map(|write| apply(&mut batch, self.log, write))
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let stamp = batch.finish()?;
        if stamp != self.stamp {
            schema::set_stamp(&self.db, stamp.0)?;
        }
        self.db.prepare_cached("COMMIT")?.execute([])?;
        self.counters.did(&written);
        self.stamp = stamp;
        self.has_erased |= written.iter().any(erases);
        Ok(written)
    }

    /// Empties the write-ahead log after something was erased: earlier pages in it have the text.
    /// Readers hold it up only while they read; then the next batch tries again.
    fn forget_erased(&mut self) -> rusqlite::Result<()> {
        if self.has_erased {
            self.has_erased = !truncate_wal(&self.db)?;
            self.counters.checkpointed();
        }
        Ok(())
    }

    /// Moves committed pages into the database file: when there are some and nobody waits, or
    /// when there are many. Readers are never waited for; what they still need is left for later.
    pub(crate) fn checkpoint_if_due(&mut self, is_idle: bool) -> rusqlite::Result<()> {
        self.forget_erased()?;
        let due = if is_idle {
            self.checkpoints.when_idle
        } else {
            self.checkpoints.at_most
        };
        // To ask the database itself takes locks, and is seldom needed.
        let may_be_due = self.wal_pages.load(Ordering::Relaxed) >= due;
        if may_be_due && wal_checkpoint(&self.db, "NOOP")? >= due {
            wal_checkpoint(&self.db, "PASSIVE")?;
            self.counters.checkpointed();
        }
        Ok(())
    }
}

/// Whether text was erased by it.
fn erases(written: &Written) -> bool {
    match written {
        Written::Append {
            result: Ok(appended),
            ..
        } => appended.is_new && matches!(appended.entry.content, Content::Deletion { .. }),
        Written::Admin { result, .. } => {
            matches!(
                result,
                Ok(Changed::Removed { .. } | Changed::RoomClosed { .. })
            )
        }
        Written::Append { .. }
        | Written::Login { .. }
        | Written::CreateRoom { .. }
        | Written::Person { .. }
        | Written::Device { .. }
        | Written::Advance { .. } => false,
    }
}

/// Refuses further requests, then says why: who has heard of it cannot queue in vain.
fn stop(queue: mpsc::Receiver<Vec<Write>>, answers: &Answers, error: &rusqlite::Error) {
    drop(queue);
    answers.fail(error);
}

/// Moves everything into the database and empties the write-ahead log. Returns whether that was
/// possible: whoever reads for long, such as a shell, hinders it, and must not hold up commits.
fn truncate_wal(db: &Connection) -> rusqlite::Result<bool> {
    db.busy_timeout(READER_TIMEOUT)?;
    let is_empty = db
        .prepare_cached("PRAGMA wal_checkpoint(TRUNCATE)")?
        .query_one([], |row| Ok(row.get::<_, i64>(0)? == 0));
    db.busy_timeout(BUSY_TIMEOUT)?;
    is_empty
}

/// Runs a checkpoint of this mode, and returns how many pages it left in the write-ahead log.
pub(crate) fn wal_checkpoint(db: &Connection, mode: &str) -> rusqlite::Result<i64> {
    db.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?
        .query_one([], |row| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?))
}

/// Begins a transaction that writes.
pub(crate) fn begin(db: &Connection) -> rusqlite::Result<()> {
    db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    Ok(())
}

#[rustfmt::skip]
fn apply(batch: &mut Batch<'_>, log: LogId, write: &Write) -> rusqlite::Result<Written> {
    Ok(match write {
        Write::Append { origin, author, conversation, id, content, time, moderates } => {
            let new = NewEntry {
                author: *author,
                conversation: *conversation,
                id: *id,
                content,
                time: *time,
                moderates: *moderates,
            };
            let (origin, conversation) = (*origin, *conversation);
            let result = append(batch, &new)?;
            Written::Append { origin, conversation, result, stamp: batch.stamp }
        }
        Write::Advance { user, advance } => {
            let (conversation, moved) = (advance.conversation, batch.advance(*user, *advance)?);
            Written::Advance { conversation, moved, stamp: batch.stamp }
        }
        // A login and a device are of no conversation, and a room that is made is a new one.
        Write::Login(request) => {
            let result = login::login(batch.db, log, batch.stamp, request)?;
            let session = request.session;
            Written::Login { session, result }
        }
        Write::CreateRoom { origin, new } => {
            let (db, origin) = (batch.db, *origin);
            let result = if_let_in(db, new.author, || room::create(db, &mut batch.stamp, new))?;
            Written::CreateRoom { origin, new: new.clone(), result, stamp: batch.stamp }
        }
        Write::Device { origin, user, by, change, time } => {
            let (db, origin, user) = (batch.db, *origin, *user);
            let result = if_let_in(db, user, || devices::change(db, (user, *by), change, *time))?;
            Written::Device { origin, user, change: change.clone(), result }
        }
        Write::Person { origin, user, change } => {
            match profile::concerns(*user, change) {
                Concerns::Nothing => {}
                Concerns::One(conversation) => batch.settle(conversation)?,
                Concerns::All => batch.settle_all()?,
            }
            let (db, origin, user) = (batch.db, *origin, *user);
            let stamp = &mut batch.stamp;
            let result = if_let_in(db, user, || profile::change(db, stamp, user, change))?;
            Written::Person { origin, user, result, stamp: batch.stamp }
        }
        Write::Admin { ticket, change, time } => {
            batch.settle_all()?;
            administer(batch.db, &mut batch.stamp, (*ticket, change, *time))?
        }
    })
}

fn append(
    batch: &mut Batch<'_>,
    new: &NewEntry<'_>,
) -> rusqlite::Result<Result<Appended, RequestError>> {
    if let Some(result) = batch.append(new)? {
        return Ok(result);
    }
    batch.settle(new.conversation)?;
    let db = batch.db;
    if_let_in(db, new.author, || {
        entries::append(db, &mut batch.stamp, new)
    })
}

/// Does what a user asked for, unless an administrator has closed their account since: what stood
/// behind that in the queue must not bring back what it erased.
pub(crate) fn if_let_in<T>(
    db: &Connection,
    user: UserId,
    change: impl FnOnce() -> rusqlite::Result<Result<T, RequestError>>,
) -> rusqlite::Result<Result<T, RequestError>> {
    if profile::is_closed(db, user)? {
        return Ok(Err(RequestError::Unavailable));
    }
    change()
}

fn administer(
    db: &Connection,
    stamp: &mut Stamp,
    (ticket, change, time): (Ticket, &Change, Timestamp),
) -> rusqlite::Result<Written> {
    let since = *stamp;
    let (result, entries) = admin::change(db, stamp, change, time)?;
    Ok(Written::Admin {
        ticket,
        result,
        entries,
        since,
    })
}

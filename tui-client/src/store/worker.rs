//! The store's thread, the only writer of the database. All queued requests become one
//! transaction, so that a burst costs one sync.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::mpsc::OwnedPermit;

use super::request::{LoadedEntries, StoreEvent, StoreRead, StoreWrite};
use super::value::DbError;
use super::wal_residue::WalResidue;
use super::{apply, damage, load, schema};

/// Most requests in one transaction.
const MAX_BATCH: usize = 1024;

/// Idle time after which the write-ahead log is emptied.
const IDLE: Duration = Duration::from_secs(2);

/// A request of the handle. The permit for an answer is taken with the request, so that the thread
/// never waits for the receiver.
#[derive(Debug)]
pub(super) enum Request {
    Write(StoreWrite),
    Read(StoreRead, OwnedPermit<StoreEvent>),
    /// Is answered once all requests before it are on the disk.
    Flush(SyncSender<()>),
}

#[derive(Debug)]
pub(super) struct Worker {
    connection: Connection,
    path: PathBuf,
    /// The permit for the one failure that is reported; `None` after that.
    failure: Option<OwnedPermit<StoreEvent>>,
    residue: WalResidue,
}

#[derive(Debug, Default)]
struct Answers {
    loaded: Vec<(LoadedEntries, OwnedPermit<StoreEvent>)>,
    flushes: Vec<SyncSender<()>>,
}

impl Worker {
    pub(super) fn new(
        connection: Connection,
        path: &Path,
        failure: OwnedPermit<StoreEvent>,
    ) -> Self {
        Self {
            connection,
            path: path.to_owned(),
            failure: Some(failure),
            residue: WalResidue::None,
        }
    }

    /// Runs until the handle is dropped and everything queued is done.
    pub(super) fn run(mut self, queue: &Receiver<Request>) {
        while let Some(first) = self.next(queue) {
            let mut batch = vec![first];
            while batch.len() < MAX_BATCH
                && let Ok(request) = queue.try_recv()
            {
                batch.push(request);
            }
            self.carry_out(batch);
        }
        // The last connection to close empties the write-ahead log too.
    }

    /// The next request. Empties the write-ahead log while idle if it has residue.
    fn next(&mut self, queue: &Receiver<Request>) -> Option<Request> {
        while self.residue != WalResidue::None {
            match queue.recv_timeout(IDLE) {
                Ok(request) => return Some(request),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => self.empty_log(),
            }
        }
        queue.recv().ok()
    }

    fn carry_out(&mut self, batch: Vec<Request>) {
        let mut answers = Answers::default();
        if let Err(error) = self.transact(batch, &mut answers) {
            self.report(&error);
        }
        for (answer, room) in answers.loaded {
            room.send(StoreEvent::Loaded(answer));
        }
        if self.residue == WalResidue::Erased {
            self.empty_log();
        }
        for flush in answers.flushes {
            // The caller may have given up.
            let _ = flush.try_send(());
        }
    }

    /// Runs a batch in one transaction. A read that fails gets an empty answer, which makes the app
    /// ask the server instead.
    fn transact(&mut self, batch: Vec<Request>, answers: &mut Answers) -> Result<(), DbError> {
        let transaction = self.connection.transaction();
        let mut result = Ok(());
        let mut residue = WalResidue::None;
        for request in batch {
            match request {
                Request::Write(write) => {
                    if self.failure.is_some()
                        && result.is_ok()
                        && let Ok(transaction) = &transaction
                    {
                        result = apply::apply(transaction, &write).map(|left| residue |= left);
                    }
                }
                Request::Read(read, room) => {
                    let empty = LoadedEntries {
                        read,
                        entries: Vec::new(),
                        about: Vec::new(),
                    };
                    let answer = match &transaction {
                        Ok(transaction) => load::load(transaction, read).unwrap_or_else(|error| {
                            result = Err(error);
                            empty
                        }),
                        Err(_) => empty,
                    };
                    answers.loaded.push((answer, room));
                }
                Request::Flush(done) => answers.flushes.push(done),
            }
        }
        let transaction = transaction?;
        result?;
        transaction.commit()?;
        self.residue |= residue;
        Ok(())
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

//! The store's thread: the only writer of the database. Whatever is queued becomes one
//! transaction, so that a burst costs one sync.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::mpsc::OwnedPermit;

use super::value::Fault;
use super::{Load, Loaded, Save, StoreEvent, Traces, apply, damage, load, schema};

/// Most requests in one transaction.
const MAX_BATCH: usize = 1024;

/// Nothing was asked for this long: there is time to empty the write-ahead log.
const IDLE: Duration = Duration::from_secs(2);

/// What the handle asks. An answer's room is taken when it is asked for, so that the thread
/// never waits for whoever waits for it.
#[derive(Debug)]
pub(super) enum Request {
    /// Changes something.
    Save(Save),
    /// Reads something.
    Load(Load, OwnedPermit<StoreEvent>),
    /// Answers once all before it is on the disk.
    Flush(SyncSender<()>),
}

/// The thread's state.
#[derive(Debug)]
pub(super) struct Worker {
    connection: Connection,
    path: PathBuf,
    /// The room for the one failure that is reported. `None` after it was.
    failure: Option<OwnedPermit<StoreEvent>>,
    /// What the write-ahead log still has.
    traces: Traces,
}

/// What is owed to whoever asked once a batch is done.
#[derive(Debug, Default)]
struct Owed {
    answers: Vec<(Loaded, OwnedPermit<StoreEvent>)>,
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
            traces: Traces::None,
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

    /// The next request. While there are traces and nobody asks, removes them.
    fn next(&mut self, queue: &Receiver<Request>) -> Option<Request> {
        while self.traces != Traces::None {
            match queue.recv_timeout(IDLE) {
                Ok(request) => return Some(request),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => self.remove_traces(),
            }
        }
        queue.recv().ok()
    }

    fn carry_out(&mut self, batch: Vec<Request>) {
        let mut owed = Owed::default();
        if let Err(fault) = self.transact(batch, &mut owed) {
            self.report(&fault);
        }
        for (answer, room) in owed.answers {
            room.send(StoreEvent::Loaded(answer));
        }
        if self.traces == Traces::Erased {
            self.remove_traces();
        }
        for flush in owed.flushes {
            // Whoever asked may have gone.
            let _ = flush.try_send(());
        }
    }

    /// Does a batch in one transaction. Every load is answered, whatever fails: an empty answer
    /// makes the app ask the server instead.
    fn transact(&mut self, batch: Vec<Request>, owed: &mut Owed) -> Result<(), Fault> {
        let transaction = self.connection.transaction();
        let mut result = Ok(());
        let mut traces = Traces::None;
        for request in batch {
            match request {
                Request::Save(save) => {
                    if self.failure.is_some()
                        && result.is_ok()
                        && let Ok(transaction) = &transaction
                    {
                        result = apply::apply(transaction, &save).map(|left| traces |= left);
                    }
                }
                Request::Load(asked, room) => {
                    let empty = Loaded {
                        load: asked,
                        entries: Vec::new(),
                        about: Vec::new(),
                    };
                    let answer = match &transaction {
                        Ok(transaction) => load::load(transaction, asked).unwrap_or_else(|fault| {
                            result = Err(fault);
                            empty
                        }),
                        Err(_) => empty,
                    };
                    owed.answers.push((answer, room));
                }
                Request::Flush(done) => owed.flushes.push(done),
            }
        }
        let transaction = transaction?;
        result?;
        transaction.commit()?;
        self.traces |= traces;
        Ok(())
    }

    /// Empties the write-ahead log. What hinders it now is tried again at the next idle time.
    fn remove_traces(&mut self) {
        match schema::empty_log(&self.connection) {
            Ok(true) => self.traces = Traces::None,
            Ok(false) => self.traces = Traces::Stale,
            Err(fault) => {
                tracing::warn!(%fault, "cannot empty the write-ahead log");
                self.traces = Traces::Stale;
            }
        }
    }

    fn report(&mut self, fault: &Fault) {
        let Some(room) = self.failure.take() else {
            return;
        };
        tracing::error!(%fault, "the local store failed");
        let next = if fault.is_damage() {
            damage::mark(&self.path);
            "restart recado: it will make a new one and keep what can be read"
        } else {
            "make room on the disk, or check the folder's permissions, and restart recado"
        };
        let path = self.path.display();
        room.send(StoreEvent::Failed(format!(
            "the local store {path} failed ({fault}): nothing more is kept; {next}"
        )));
    }
}

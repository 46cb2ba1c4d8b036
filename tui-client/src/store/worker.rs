//! The store's thread: the only owner of the database. Whatever is queued becomes one
//! transaction, so that a burst costs one sync.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender};

use rusqlite::Connection;
use tokio::sync::mpsc::OwnedPermit;

use super::value::Fault;
use super::{Load, Loaded, Save, StoreEvent, apply, damage, snapshot};

/// Most requests in one transaction.
const MAX_BATCH: usize = 1024;

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
        }
    }

    /// Runs until the handle is dropped and everything queued is done.
    pub(super) fn run(mut self, queue: &Receiver<Request>) {
        while let Ok(first) = queue.recv() {
            let mut batch = vec![first];
            while batch.len() < MAX_BATCH
                && let Ok(request) = queue.try_recv()
            {
                batch.push(request);
            }
            self.carry_out(batch);
        }
    }

    fn carry_out(&mut self, batch: Vec<Request>) {
        let mut flushes = Vec::new();
        let mut answers = Vec::new();
        if let Err(fault) = self.transact(batch, &mut answers, &mut flushes) {
            self.report(&fault);
        }
        for (answer, room) in answers {
            room.send(StoreEvent::Loaded(answer));
        }
        for flush in flushes {
            // Whoever asked may have gone.
            let _ = flush.try_send(());
        }
    }

    /// Does a batch in one transaction. Every load is answered, whatever fails: an empty answer
    /// makes the app ask the server instead.
    fn transact(
        &mut self,
        batch: Vec<Request>,
        answers: &mut Vec<(Loaded, OwnedPermit<StoreEvent>)>,
        flushes: &mut Vec<SyncSender<()>>,
    ) -> Result<(), Fault> {
        let transaction = self.connection.transaction();
        let mut result = Ok(());
        for request in batch {
            match request {
                Request::Save(save) => {
                    if self.failure.is_some()
                        && result.is_ok()
                        && let Ok(transaction) = &transaction
                    {
                        result = apply::apply(transaction, &save);
                    }
                }
                Request::Load(load, room) => {
                    let read = match &transaction {
                        Ok(transaction) => snapshot::load(transaction, &load),
                        Err(_) => Ok(Vec::new()),
                    };
                    let entries = read.unwrap_or_else(|fault| {
                        result = Err(fault);
                        Vec::new()
                    });
                    let about = Vec::new();
                    answers.push((
                        Loaded {
                            load,
                            entries,
                            about,
                        },
                        room,
                    ));
                }
                Request::Flush(done) => flushes.push(done),
            }
        }
        let transaction = transaction?;
        result?;
        transaction.commit()?;
        Ok(())
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

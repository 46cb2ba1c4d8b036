//! The store without its threads, for whoever decides alone what is in a commit: a simulation, a
//! test, or a measurement. What runs is what the threads run.

use std::path::Path;

use recado_shared::LogId;
use rusqlite::Connection;

use crate::store::folder;
use crate::store::folder::Folder;
use crate::store::readers::read;
use crate::store::tables::schema;
use crate::store::values::config::StoreConfig;
use crate::store::values::error::StoreError;
use crate::store::values::request::{Read, ReadResult, StoredMemberships, Write, Written};
use crate::store::writer::thread::Writer;

/// A store in memory, which lives as long as this value, or in a data folder.
#[derive(Debug)]
pub struct Engine {
    writer: Writer,
    /// Of a folder: its lock, and a connection that reads.
    folder: Option<(Folder, Connection)>,
}

impl Engine {
    /// Makes an empty store in memory whose data has this identity.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn in_memory(log: LogId) -> Result<Self, StoreError> {
        let db = folder::open_in_memory()?;
        schema::set_identity(&db, log).map_err(failed())?;
        let writer = Writer::new(db, StoreConfig::default().checkpoints).map_err(failed())?;
        Ok(Self {
            writer,
            folder: None,
        })
    }

    /// Opens a data folder, making what is missing. No server can open it meanwhile.
    ///
    /// # Errors
    /// [`StoreError`] says why the folder cannot be used.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let folder = Folder::claim(dir)?;
        let writer = Writer::new(folder.open_writer()?, StoreConfig::default().checkpoints)
            .map_err(StoreError::database(dir))?;
        let reader = folder.open_reader()?;
        Ok(Self {
            writer,
            folder: Some((folder, reader)),
        })
    }

    /// Does all of a batch in one transaction: later requests of it see earlier ones.
    ///
    /// # Errors
    /// [`StoreError::Database`]; then nothing of the batch was done.
    pub fn commit(&mut self, batch: &[Write]) -> Result<Vec<Written>, StoreError> {
        self.writer.commit(batch).map_err(failed())
    }

    /// Does what the writer thread does after a commit: `is_idle` says that no other one waits.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn tidy(&mut self, is_idle: bool) -> Result<(), StoreError> {
        self.writer.checkpoint_if_due(is_idle).map_err(failed())
    }

    /// Answers a question.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn answer(&mut self, question: Read) -> Result<ReadResult, StoreError> {
        match &mut self.folder {
            Some((_, reader)) => read::answer(reader, question),
            None => self.writer.answer(question),
        }
        .map_err(failed())
    }

    /// All rooms and people as they stand, which is what a relay begins with.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn memberships(&self) -> Result<StoredMemberships, StoreError> {
        self.writer.memberships().map_err(failed())
    }
}

fn failed() -> impl FnOnce(rusqlite::Error) -> StoreError {
    StoreError::database(Path::new("of the store"))
}

//! The store without its threads and without a disk, for whoever decides alone what is in a
//! commit: a simulation, or a test. What runs is what the threads run.

use std::path::Path;

use recado_shared::LogId;

use super::error::StoreError;
use super::request::{Read, ReadResult, StoredRoster, Write, Written};
use super::worker::Writer;
use super::{StoreConfig, folder, schema};

/// A store in memory. It lives as long as this value, whatever becomes of the relay above it.
#[derive(Debug)]
pub struct Engine {
    writer: Writer,
}

impl Engine {
    /// Makes an empty store whose data has this identity.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn in_memory(log: LogId) -> Result<Self, StoreError> {
        let db = folder::open_in_memory()?;
        schema::set_identity(&db, log).map_err(failed())?;
        let writer = Writer::new(db, StoreConfig::default().checkpoints).map_err(failed())?;
        Ok(Self { writer })
    }

    /// Does all of a batch in one transaction: later requests of it see earlier ones.
    ///
    /// # Errors
    /// [`StoreError::Database`]; then nothing of the batch was done.
    pub fn commit(&mut self, batch: &[Write]) -> Result<Vec<Written>, StoreError> {
        self.writer.commit(batch).map_err(failed())
    }

    /// Answers a question.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn answer(&mut self, question: Read) -> Result<ReadResult, StoreError> {
        self.writer.answer(question).map_err(failed())
    }

    /// All rooms and people as they stand, which is what a relay begins with.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn roster(&self) -> Result<StoredRoster, StoreError> {
        self.writer.roster().map_err(failed())
    }
}

fn failed() -> impl FnOnce(rusqlite::Error) -> StoreError {
    StoreError::database(Path::new(":memory:"))
}

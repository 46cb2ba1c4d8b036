//! Store without threads, for an owner that forms the batches itself: a simulation, a test or a
//! measurement. It runs the code of the threads.

use std::path::Path;

use recado_shared::{EpochId, LogId};
use rusqlite::Connection;

use crate::store::folder::{self, Folder};
use crate::store::readers::read;
use crate::store::tables::{epochs, schema};
use crate::store::values::{
    Read, ReadResult, StoreConfig, StoreError, StoredMemberships, Write, WriteResult,
};
use crate::store::writer::thread::Writer;

/// A store in memory or in a data folder, for one owner.
#[derive(Debug)]
pub struct Engine {
    writer: Writer,
    /// The lock of a data folder, and a connection that reads.
    folder: Option<(Folder, Connection)>,
}

impl Engine {
    /// Creates an empty store in memory with this identity. Its epoch has the first bytes of it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn in_memory(log: LogId) -> Result<Self, StoreError> {
        let db = folder::open_in_memory()?;
        schema::set_identity(&db, log).map_err(failed)?;
        let [id @ .., _, _, _, _, _, _, _, _] = log.0;
        epochs::begin(&db, EpochId(id)).map_err(failed)?;
        let writer = Writer::new(db, StoreConfig::default().checkpoints, None).map_err(failed)?;
        Ok(Self {
            writer,
            folder: None,
        })
    }

    /// Opens or creates a data folder, and locks it.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let folder = Folder::claim(dir)?;
        let writer = Writer::open(&folder, &StoreConfig::default())?;
        let reader = folder.open_reader()?;
        Ok(Self {
            writer,
            folder: Some((folder, reader)),
        })
    }

    /// Starts an epoch, as each opening of a data folder does.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn begin_epoch(&mut self, id: EpochId) -> Result<(), StoreError> {
        epochs::begin(&self.writer.db, id).map(drop).map_err(failed)
    }

    /// Commits a batch in one transaction: later requests see earlier ones.
    ///
    /// # Errors
    /// [`StoreError::Database`]; then nothing of the batch is stored.
    pub fn commit(&mut self, batch: &[Write]) -> Result<Vec<WriteResult>, StoreError> {
        self.writer.commit(batch).map_err(failed)
    }

    /// Runs a checkpoint if it is due. `is_idle` says that no commit waits.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn tidy(&mut self, is_idle: bool) -> Result<(), StoreError> {
        self.writer.checkpoint_if_due(is_idle).map_err(failed)
    }

    /// # Errors
    /// [`StoreError::Database`].
    pub fn answer(&mut self, read: Read) -> Result<ReadResult, StoreError> {
        let reader = self.folder.as_ref().map(|(_, reader)| reader);
        read::answer_undamaged(reader.unwrap_or(&self.writer.db), read, &self.writer.damage)
            .map_err(failed)
    }

    /// # Errors
    /// [`StoreError::Database`].
    pub fn memberships(&self) -> Result<StoredMemberships, StoreError> {
        self.writer.memberships().map_err(failed)
    }
}

fn failed(error: rusqlite::Error) -> StoreError {
    StoreError::database(Path::new("of the store"))(error)
}

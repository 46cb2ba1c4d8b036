//! The store in memory, without its thread, for the simulation, which decides when each request
//! runs. The statements are those of the worker.

use std::path::Path;

use rusqlite::Connection;

use super::error::StoreError;
use super::request::{LoadedEntries, RolledBack, Snapshot, StoreRead, StoreWrite};
use super::schema::OpenError;
use super::value::DbError;
use super::{apply, load, schema, snapshot};

/// A store in memory. It outlives restarts of the simulated app.
#[derive(Debug)]
pub struct Engine {
    connection: Connection,
}

impl Engine {
    /// Creates an empty store.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn in_memory() -> Result<Self, StoreError> {
        let connection = schema::open_in_memory().map_err(failed)?;
        Ok(Self { connection })
    }

    /// Applies changes in order, in one transaction. Returns the outcomes of those that roll back.
    ///
    /// # Errors
    /// [`StoreError::Database`]; nothing is changed then.
    pub fn save(&mut self, batch: &[StoreWrite]) -> Result<Vec<RolledBack>, StoreError> {
        let mut save = || -> Result<Vec<RolledBack>, DbError> {
            let transaction = self.connection.transaction()?;
            let mut outcomes = Vec::new();
            for write in batch {
                outcomes.extend(apply::apply(&transaction, write)?.rolled_back);
            }
            transaction.commit()?;
            Ok(outcomes)
        };
        save().map_err(failed)
    }

    /// Reads a stretch of a log.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn load(&self, read: StoreRead) -> Result<LoadedEntries, StoreError> {
        load::load(&self.connection, read).map_err(failed)
    }

    /// Reads the state with which the app starts.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        snapshot::read(&self.connection).map_err(failed)
    }
}

fn failed(error: impl Into<OpenError>) -> StoreError {
    error.into().into_store_error(Path::new(":memory:"))
}

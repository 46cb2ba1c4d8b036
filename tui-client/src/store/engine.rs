//! The store in memory, without its thread, for the simulation, which decides when each request
//! runs. The statements are those of the worker.

use std::path::Path;

use rusqlite::Connection;

use super::error::StoreError;
use super::request::{LoadedEntries, Snapshot, StoreRead, StoreWrite};
use super::value::DbError;
use super::{apply, damage, load, schema, snapshot};

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
        let path = Path::new(IN_MEMORY);
        let opened = schema::open_in_memory();
        let connection = opened.map_err(|error| damage::final_error(error, path))?;
        Ok(Self { connection })
    }

    /// Applies changes in order, in one transaction.
    ///
    /// # Errors
    /// [`StoreError::Database`]; nothing is changed then.
    pub fn save(&mut self, batch: &[StoreWrite]) -> Result<(), StoreError> {
        let save = |connection: &mut Connection| -> Result<(), DbError> {
            let transaction = connection.transaction()?;
            for save in batch {
                apply::apply(&transaction, save)?;
            }
            Ok(transaction.commit()?)
        };
        save(&mut self.connection).map_err(failed)
    }

    /// Reads a stretch of a log.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn load(&self, asked: StoreRead) -> Result<LoadedEntries, StoreError> {
        load::load(&self.connection, asked).map_err(failed)
    }

    /// Reads the state with which the app starts.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        snapshot::read(&self.connection).map_err(failed)
    }
}

const IN_MEMORY: &str = ":memory:";

fn failed(error: DbError) -> StoreError {
    damage::final_error(error.into(), Path::new(IN_MEMORY))
}

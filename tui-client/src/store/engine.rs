//! The store without its thread and without a disk, for whoever decides alone when something is
//! carried out: a simulation. The statements are those of the thread.

use std::path::Path;

use rusqlite::Connection;

use super::value::Fault;
use super::{Load, Loaded, Save, Snapshot, StoreError, apply, damage, load, schema, snapshot};

/// A store in memory. It lives as long as this value, whatever becomes of the app above it.
#[derive(Debug)]
pub struct Engine {
    connection: Connection,
}

impl Engine {
    /// Makes an empty store.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn in_memory() -> Result<Self, StoreError> {
        let path = Path::new(IN_MEMORY);
        let opened = schema::open_in_memory();
        let connection = opened.map_err(|error| damage::final_error(error, path))?;
        Ok(Self { connection })
    }

    /// Carries out changes in one transaction, in order.
    ///
    /// # Errors
    /// [`StoreError::Database`]; then nothing was changed.
    pub fn save(&mut self, batch: &[Save]) -> Result<(), StoreError> {
        let save = |connection: &mut Connection| -> Result<(), Fault> {
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
    pub fn load(&self, asked: Load) -> Result<Loaded, StoreError> {
        load::load(&self.connection, asked).map_err(failed)
    }

    /// Reads what a program starts with.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        snapshot::read(&self.connection).map_err(failed)
    }
}

const IN_MEMORY: &str = ":memory:";

fn failed(fault: Fault) -> StoreError {
    damage::final_error(fault.into(), Path::new(IN_MEMORY))
}

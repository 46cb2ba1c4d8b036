//! Batch of the writer: one transaction, its stamp, and the row cache. Appends and cursor updates are
//! in [`append`](super::append) and [`cursors`](super::cursors).

use recado_shared::{ConversationId, Stamp};
use rusqlite::{Connection, Result};

use crate::store::tables::entries::EntryInsert;
use crate::store::writer::row_cache::{RowCache, UpdateStatements};

/// A transaction of the writer.
pub(crate) struct Batch<'a> {
    pub(crate) db: &'a Connection,
    pub(crate) stamp: Stamp,
    pub(crate) rows: &'a mut RowCache,
    pub(crate) insert: EntryInsert<'a>,
    updates: UpdateStatements<'a>,
}

impl<'a> Batch<'a> {
    /// Starts a batch inside a transaction.
    pub(crate) fn begin(db: &'a Connection, rows: &'a mut RowCache, stamp: Stamp) -> Result<Self> {
        rows.begin(db)?;
        Ok(Self {
            db,
            stamp,
            rows,
            insert: EntryInsert::default(),
            updates: UpdateStatements::default(),
        })
    }

    /// Writes the changed rows. Returns the newest stamp.
    pub(crate) fn finish(mut self) -> Result<Stamp> {
        self.rows.flush(self.db, &mut self.updates)?;
        Ok(self.stamp)
    }

    /// Comes before SQL that reads or changes the rows of one conversation.
    pub(crate) fn flush_and_evict(&mut self, id: ConversationId) -> Result<()> {
        self.rows.flush_and_evict(self.db, &mut self.updates, id)
    }

    /// Comes before SQL that reads or changes the rows of any conversation or user.
    pub(crate) fn flush_and_evict_all(&mut self) -> Result<()> {
        self.rows.flush_and_evict_all(self.db, &mut self.updates)
    }
}

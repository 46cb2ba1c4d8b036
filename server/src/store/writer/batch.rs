//! Batch of the writer: one transaction with its stamp, the row cache, and the statements that are
//! prepared once for all of its writes.

use recado_shared::{ConversationId, Entry, Stamp};
use rusqlite::{CachedStatement, Connection, Result};

use super::row_cache::RowCache;
use crate::store::tables::entries::EntryInsert;

pub(crate) struct Batch<'a> {
    pub(super) db: &'a Connection,
    pub(super) stamp: Stamp,
    pub(super) rows: &'a mut RowCache,
    pub(super) insert: EntryInsert<'a>,
    pub(super) update_conversation: Option<CachedStatement<'a>>,
    pub(super) update_member: Option<CachedStatement<'a>>,
    /// Entries that the present write appended for the operator.
    pub(super) notices: Vec<(ConversationId, Entry)>,
}

impl<'a> Batch<'a> {
    pub(crate) fn begin(db: &'a Connection, rows: &'a mut RowCache, stamp: Stamp) -> Result<Self> {
        rows.begin(db)?;
        Ok(Self {
            db,
            stamp,
            rows,
            insert: EntryInsert::default(),
            update_conversation: None,
            update_member: None,
            notices: Vec::new(),
        })
    }

    /// Writes the changed rows. Returns the newest stamp.
    pub(super) fn finish(mut self) -> Result<Stamp> {
        self.flush()?;
        Ok(self.stamp)
    }
}

//! Statements that are prepared once for many uses.

use rusqlite::{CachedStatement, Connection, Result};

/// A statement that is looked up once for a batch: its text need not be hashed for each entry.
pub(crate) fn prepared<'s, 'a>(
    slot: &'s mut Option<CachedStatement<'a>>,
    db: &'a Connection,
    sql: &str,
) -> Result<&'s mut CachedStatement<'a>> {
    let statement = match slot.take() {
        Some(statement) => statement,
        None => db.prepare_cached(sql)?,
    };
    Ok(slot.insert(statement))
}

//! Statements that are prepared once for many uses.

use rusqlite::{CachedStatement, Connection, Result};

/// Looks a statement up once for a batch: its text need not be hashed for each entry.
pub(super) fn prepare_once<'s, 'a>(
    db: &'a Connection,
    statement: &'s mut Option<CachedStatement<'a>>,
    sql: &str,
) -> Result<&'s mut CachedStatement<'a>> {
    let prepared = match statement.take() {
        Some(prepared) => prepared,
        None => db.prepare_cached(sql)?,
    };
    Ok(statement.insert(prepared))
}

//! Rebuild of the search index after its schema changed, in short steps of the store's thread, from the
//! newest message to the oldest. The index that it replaces goes first, with all of its words.

use recado_shared::{Content, Seq, UserId};
use rusqlite::Connection;

use super::index::{self, Indexed};
use super::value::{DbError, column, execute, number, query, query_first};

/// Messages of one step, and pages of the index before: some 20 ms, for which a read may wait.
const MESSAGES_PER_STEP: usize = 1_000;
const PAGES_PER_STEP: usize = 256;

/// Carries out the next step, in the caller's transaction. Returns whether there are more.
pub(super) fn step(db: &Connection) -> Result<bool, DbError> {
    if has_old_index(db)? {
        return drop_pages(db).map(|()| true);
    }
    let Some(before) = index::missing_before(db)? else {
        return Ok(false);
    };
    let found = query(
        db,
        "SELECT conversation, seq, author, content, moment FROM entries
         WHERE moment < ?1 AND kind IN (2, 3, 4) ORDER BY moment DESC LIMIT ?2",
        (before, i64::try_from(MESSAGES_PER_STEP).unwrap_or(i64::MAX)),
        |row| {
            let (key, seq): (Vec<u8>, _) = (row.get(0)?, Seq(number(row, 1)?));
            let (author, content): (_, Content) = (UserId(number(row, 2)?), column(row, 3)?);
            let text = index::text_now(db, &key, seq, author, &content)?;
            let moment: i64 = row.get(4)?;
            Ok((moment, Indexed::new(moment, author, &key, &text)))
        },
    )?;
    match found.last() {
        Some((moment, _)) if found.len() == MESSAGES_PER_STEP => {
            execute(db, "UPDATE index_rebuild SET before = ?1", [moment])?;
        }
        Some(_) | None => {
            execute(db, "DELETE FROM index_rebuild", [])?;
        }
    }
    // Ascending, as the index gathers them before it writes them together.
    for (_, message) in found.iter().rev() {
        index::add(db, message)?;
    }
    Ok(found.len() == MESSAGES_PER_STEP)
}

fn has_old_index(db: &Connection) -> Result<bool, DbError> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE name = 'words'";
    Ok(query_first(db, sql, [], |_| Ok(()))?.is_some())
}

/// Dropped as a whole it would take seconds, because deleted pages are overwritten.
fn drop_pages(db: &Connection) -> Result<(), DbError> {
    let sql = "DELETE FROM words_data WHERE id IN (SELECT id FROM words_data LIMIT ?1)";
    let limit = i64::try_from(PAGES_PER_STEP).unwrap_or(i64::MAX);
    if execute(db, sql, [limit])? == 0 {
        db.execute_batch("DROP TABLE words")?;
    }
    Ok(())
}

//! The table of announcements that the user has not opened yet.

use recado_shared::Timestamp;
use rusqlite::{Connection, Row, params};

use super::request::MAX_ANNOUNCEMENTS;
use super::value::{DbError, execute, number};

/// The announcements in the order in which they came.
pub(super) const ALL: &str = "SELECT time, text FROM announcements ORDER BY position";

/// Reads a row of [`ALL`].
pub(super) fn read_row(row: &Row<'_>) -> Result<(Timestamp, String), DbError> {
    Ok((Timestamp(number(row, 0)?), row.get(1)?))
}

pub(super) fn add(db: &Connection, time: Timestamp, text: &str) -> Result<(), DbError> {
    let sql = "INSERT INTO announcements (time, text) VALUES (?1, ?2)";
    execute(db, sql, params![time.0.cast_signed(), text])?;
    let sql = "DELETE FROM announcements WHERE position NOT IN
               (SELECT position FROM announcements ORDER BY position DESC LIMIT ?1)";
    let most = i64::try_from(MAX_ANNOUNCEMENTS).unwrap_or(i64::MAX);
    execute(db, sql, [most]).map(drop)
}

pub(super) fn clear(db: &Connection) -> Result<(), DbError> {
    execute(db, "DELETE FROM announcements", []).map(drop)
}
